// SPDX-License-Identifier: Apache-2.0
// The registers behind AXI4-Lite, with the facts of the network in them; both shells have them.
//
// The description is registers.rdl; `shell_registers` is made from it.
module shell_interface #(
  parameter int unsigned CHANNELS      = 3,  // of a pixel
  parameter int unsigned PIXEL_BYTES   = 4,  // of a pixel in memory
  parameter int unsigned HEIGHT        = 8,  // rows of an image
  parameter int unsigned WIDTH         = 8,  // pixels of a row
  parameter int unsigned PIXELS        = 1,  // of a beat
  parameter int unsigned CLASSES       = 10,  // logits of a frame
  parameter int unsigned LOGIT_BITS    = 16,  // of a logit
  parameter int unsigned IMAGE_STRIDE  = 256,  // bytes from image to image
  parameter int unsigned LOGITS_STRIDE = 64,  // bytes from logits to logits
  parameter int unsigned WEIGHTS_BYTES = 0,  // of the weights to be loaded
  parameter int unsigned BUS_BYTES     = 4,  // of a word of the memory bus; 0: there is none
  parameter logic [31:0] MODEL_HASH0 = 0,
  parameter logic [31:0] MODEL_HASH1 = 0,
  parameter logic [31:0] MODEL_HASH2 = 0,
  parameter logic [31:0] MODEL_HASH3 = 0  // 8 digits each
) (
  input  logic        clk,
  input  logic        rst_n,
  input  logic        field_rst_n_i,  // of the registers, not of the bus
  input  logic [11:0] s_axi_awaddr,
  input  logic        s_axi_awvalid,
  output logic        s_axi_awready,
  input  logic [31:0] s_axi_wdata,
  input  logic [ 3:0] s_axi_wstrb,
  input  logic        s_axi_wvalid,
  output logic        s_axi_wready,
  output logic [ 1:0] s_axi_bresp,
  output logic        s_axi_bvalid,
  input  logic        s_axi_bready,
  input  logic [11:0] s_axi_araddr,
  input  logic        s_axi_arvalid,
  output logic        s_axi_arready,
  output logic [31:0] s_axi_rdata,
  output logic [ 1:0] s_axi_rresp,
  output logic        s_axi_rvalid,
  input  logic        s_axi_rready,
  output logic        interrupt_o,
  // set by software
  output logic        start_o,
  output logic        continue_o,
  output logic        auto_restart_o,
  output logic        soft_reset_o,
  output logic [63:0] images_o,
  output logic [63:0] logits_o,
  output logic [63:0] weights_o,
  output logic [31:0] frames_o,
  // told to software
  input  logic        taken_i,  // a run is, in this cycle
  input  logic        done_i,
  input  logic        done_event_i,  // done_i rises, or a frame is done
  input  logic        idle_i,
  input  logic        busy_i,
  input  logic        loaded_i,
  input  logic [ 3:0] errors_i,  // in this cycle, as in ERRORS
  input  logic [31:0] frames_done_i,
  input  logic [47:0] cycles_i,
  input  logic [31:0] frame_cycles_i
);
  if (CHANNELS < 1 || CHANNELS > 128) begin : gen_check_channels
    $fatal(1, "shell: CHANNELS=%0d is not from 1 to 128", CHANNELS);
  end
  if (HEIGHT < 1 || HEIGHT > 65535 || WIDTH < 1 || WIDTH > 65535) begin : gen_check_size
    $fatal(1, "shell: HEIGHT=%0d or WIDTH=%0d is not from 1 to 65535", HEIGHT, WIDTH);
  end
  if (PIXELS < 1 || PIXELS > 32768 || (PIXELS & (PIXELS - 1)) != 0) begin : gen_check_pixels
    $fatal(1, "shell: PIXELS=%0d is no power of two up to 32768", PIXELS);
  end
  if (CLASSES < 1 || CLASSES >= 1 << 24) begin : gen_check_classes
    $fatal(1, "shell: CLASSES=%0d is not from 1 to 2^24 - 1", CLASSES);
  end

  logic request, write;
  logic [11:0] address;
  logic [31:0] write_data, read_data;

  axi_lite u_bus (
    .clk,
    .rst_n,
    .s_axi_awaddr,
    .s_axi_awvalid,
    .s_axi_awready,
    .s_axi_wdata,
    .s_axi_wstrb,
    .s_axi_wvalid,
    .s_axi_wready,
    .s_axi_bresp,
    .s_axi_bvalid,
    .s_axi_bready,
    .s_axi_araddr,
    .s_axi_arvalid,
    .s_axi_arready,
    .s_axi_rdata,
    .s_axi_rresp,
    .s_axi_rvalid,
    .s_axi_rready,
    .request_o(request),
    .write_o  (write),
    .address_o(address),
    .data_o   (write_data),
    .data_i   (read_data)
  );

  shell_register_pkg::registers__in_t  to_software;
  shell_register_pkg::registers__out_t from_software;

  always_comb begin
    to_software.field_rst_n                      = field_rst_n_i;
    to_software.CTRL.ap_start.hwclr              = taken_i && !auto_restart_o;
    to_software.CTRL.ap_done.next                = done_i;
    to_software.CTRL.ap_idle.next                = idle_i;
    to_software.CTRL.ap_ready.hwset              = taken_i;
    to_software.ISR.done.hwset                   = done_event_i && from_software.IER.done.value;
    to_software.ISR.ready.hwset                  = taken_i && from_software.IER.ready.value;
    to_software.MODEL_HASH0.digits.next          = MODEL_HASH0;
    to_software.MODEL_HASH1.digits.next          = MODEL_HASH1;
    to_software.MODEL_HASH2.digits.next          = MODEL_HASH2;
    to_software.MODEL_HASH3.digits.next          = MODEL_HASH3;
    to_software.SIZE.height.next                 = 16'(HEIGHT);
    to_software.SIZE.width.next                  = 16'(WIDTH);
    to_software.PIXEL.channels.next              = 8'(CHANNELS);
    to_software.PIXEL.pixel_bytes.next           = 8'(PIXEL_BYTES);
    to_software.PIXEL.pixels.next                = 16'(PIXELS);
    to_software.CLASSES.classes.next             = 24'(CLASSES);
    to_software.CLASSES.logit_bits.next          = 8'(LOGIT_BITS);
    to_software.IMAGE_STRIDE.bytes.next          = 32'(IMAGE_STRIDE);
    to_software.LOGITS_STRIDE.bytes.next         = 32'(LOGITS_STRIDE);
    to_software.WEIGHTS_BYTES.bytes.next         = 32'(WEIGHTS_BYTES);
    to_software.BUS.data_bytes.next              = 16'(BUS_BYTES);
    to_software.STATUS.busy.next                 = busy_i;
    to_software.STATUS.loaded.next               = loaded_i;
    to_software.STATUS.resetting.next            = soft_reset_o;
    to_software.ERRORS.read_response.hwset       = errors_i[0];
    to_software.ERRORS.write_response.hwset      = errors_i[1];
    to_software.ERRORS.address.hwset             = errors_i[2];
    to_software.ERRORS.packet.hwset              = errors_i[3];
    to_software.FRAMES_DONE.count.next           = frames_done_i;
    to_software.CYCLES_LO.count.next             = cycles_i[31:0];
    to_software.CYCLES_HI.count.next             = 32'(cycles_i[47:32]);
    to_software.FRAME_CYCLES.count.next          = frame_cycles_i;
  end

  assign start_o        = from_software.CTRL.ap_start.value;
  assign continue_o     = from_software.CTRL.ap_continue.value;
  assign auto_restart_o = from_software.CTRL.auto_restart.value;
  assign soft_reset_o   = from_software.RESET.soft_reset.value;
  assign images_o       = {from_software.IMAGES_HI.address.value,
                           from_software.IMAGES_LO.address.value};
  assign logits_o       = {from_software.LOGITS_HI.address.value,
                           from_software.LOGITS_LO.address.value};
  assign weights_o      = {from_software.WEIGHTS_HI.address.value,
                           from_software.WEIGHTS_LO.address.value};
  assign frames_o       = from_software.FRAMES.count.value;

  // The block answers in the same cycle and never stalls, and all writes that reach it are whole.
  // verilator lint_off PINCONNECTEMPTY
  shell_registers u_registers (
    .clk,
    .rst_n,
    .s_cpuif_req         (request),
    .s_cpuif_req_is_wr   (write),
    .s_cpuif_addr        (address),
    .s_cpuif_wr_data     (write_data),
    .s_cpuif_wr_biten    ('1),
    .s_cpuif_req_stall_wr(),
    .s_cpuif_req_stall_rd(),
    .s_cpuif_rd_ack      (),
    .s_cpuif_rd_err      (),
    .s_cpuif_rd_data     (read_data),
    .s_cpuif_wr_ack      (),
    .s_cpuif_wr_err      (),
    .hwif_in             (to_software),
    .hwif_out            (from_software)
  );
  // verilator lint_on PINCONNECTEMPTY

  always_ff @(posedge clk) begin
    interrupt_o <= rst_n && from_software.GIE.enable.value &&
                   (from_software.ISR.done.value || from_software.ISR.ready.value);
  end
endmodule
