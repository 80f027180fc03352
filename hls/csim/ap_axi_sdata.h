// SPDX-License-Identifier: Apache-2.0
// A beat of AXI4-Stream with its side channels, for compilers without the vendor's header of the
// same name; as much of it as the functions use.
#ifndef FIREBRICK_CSIM_AP_AXI_SDATA_H_
#define FIREBRICK_CSIM_AP_AXI_SDATA_H_

#include <ap_int.h>

template <int DATA, int USER, int ID, int DEST>
struct ap_axiu {
  static_assert(USER == 0 && ID == 0 && DEST == 0, "ap_axiu: no further side channels here");
  ap_uint<DATA> data;
  ap_uint<DATA / 8> keep, strb;
  ap_uint<1> last;
};

#endif  // FIREBRICK_CSIM_AP_AXI_SDATA_H_
