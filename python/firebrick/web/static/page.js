// SPDX-License-Identifier: Apache-2.0
// Sends a photograph to the accelerator and shows what it answers. Every text enters the page as
// text, never as markup.
"use strict";

const DEVICES = {
  sim: "simulated hardware",
  pynq: "a Zynq board, through PYNQ",
  xrt: "an Alveo card, through XRT",
};
const SIMULATED =
  "The hardware is simulated here: milliseconds are the simulator's, cycles are the hardware's.";

const at = (id) => document.getElementById(id);
const count = (value) => value.toLocaleString("en-US");
const tenths = (value) =>
  value.toLocaleString("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const percent = (share) => `${(100 * share).toFixed(1)}%`;
let accepts = null;
let busy = false;

function element(tag, name, text) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  return made;
}

function bar(share) {
  const track = element("div", "track");
  const fill = element("div", "fill");
  fill.style.width = `${100 * Math.min(1, share)}%`;
  track.setAttribute("aria-hidden", "true"); // the number stands beside it
  track.append(fill);
  return track;
}

function tile(title, value) {
  const made = element("div");
  made.append(element("dt", "", title), element("dd", "", value));
  return made;
}

function showError(text) {
  at("status").textContent = "";
  at("error").textContent = text;
  at("error").hidden = !text;
}

function showClasses(best) {
  const rows = best.map((x) => {
    const row = element("li");
    row.append(element("span", "name", x.name), element("span", "share", percent(x.share)));
    row.append(bar(x.share));
    return row;
  });
  at("classes").replaceChildren(...rows);
  at("empty").hidden = true;
}

function showTime(x) {
  const clock = x.assumed_clock_mhz;
  const tiles = [
    tile(
      `between frames back to back; ${count(x.predicted_frame_cycles)} predicted`,
      `${count(x.frame_cycles)} cycles`,
    ),
    clock
      ? tile(
          `at ${clock} MHz, a clock that is assumed: no place and route has confirmed it`,
          `${count(x.frames_per_second)} frames/s`,
        )
      : tile("planned for no board, so no clock is assumed", "– frames/s"),
  ];
  if (x.milliseconds !== undefined) {
    tiles.unshift(
      tile("this photograph, measured by the host", `${tenths(x.milliseconds)} ms`),
      tile("this photograph, counted by the accelerator", `${count(x.latency_cycles)} cycles`),
    );
  }
  at("time").replaceChildren(...tiles);
}

function showActivity(x) {
  const rows = x.activity.map((engine) => {
    const row = element("tr");
    const name = element("th", "", engine.name);
    const bars = element("td");
    name.scope = "row";
    bars.append(bar(engine.busy));
    row.append(name, bars, element("td", "number", percent(engine.busy)));
    row.append(element("td", "number", count(engine.cycles)));
    return row;
  });
  at("activity").tBodies[0].replaceChildren(...rows);
  at("activity-note").textContent =
    "Cycles that each engine works on a frame, by the plan, as a share of the " +
    `${count(x.frame_cycles)} cycles measured between frames.`;
}

function showModel(x) {
  const board = x.board ? `, planned for ${x.board}` : "";
  const size = `${x.image.width}×${x.image.height} pixels, ${count(x.classes)} classes`;
  at("model").textContent = `${x.model} on ${DEVICES[x.device] ?? x.device}${board}: ${size}`;
  document.title = `${x.model} - Firebrick`;
  at("accepts").textContent = `JPEG, PNG or WebP, up to ${Math.floor(x.accepts.bytes / 2 ** 20)} MB`;
  at("device-note").textContent = x.device === "sim" ? SIMULATED : "";
  at("preview").style.aspectRatio = `${x.image.width} / ${x.image.height}`;
  at("sample").hidden = !x.sample;
}

/** The answer's JSON; an error says what the server said. */
async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Error("The server does not answer.");
  }
  const fields = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(fields.error ?? `The server answered ${answer.status}.`);
  return fields;
}

function setBusy(value) {
  busy = value;
  at("file").disabled = value;
  at("sample").disabled = value;
  at("results").setAttribute("aria-busy", String(value));
}

function check(file) {
  if (!accepts) throw new Error("The model is not known yet: reload the page.");
  if (!accepts.types.includes(file.type)) {
    throw new Error("This is not a photograph: choose a JPEG, PNG or WebP file.");
  }
  if (file.size > accepts.bytes) {
    throw new Error(`This file is larger than ${count(accepts.bytes)} bytes.`);
  }
}

function showPreview(file) {
  URL.revokeObjectURL(at("preview").src);
  at("preview").src = URL.createObjectURL(file);
  at("preview").hidden = false;
  at("invite").hidden = true;
  at("drop").classList.add("full");
}

async function classify(file) {
  if (busy) return;
  const focused = document.activeElement;
  showError("");
  try {
    check(file);
    setBusy(true);
    at("status").textContent = "Classifying…";
    const headers = { "content-type": file.type };
    const result = await ask("/api/classify", { method: "POST", body: file, headers });
    showPreview(file);
    showClasses(result.top5);
    showTime(result);
    showActivity(result);
    const [best] = result.top5;
    at("status").textContent = `${best.name}, ${percent(best.share)}.`;
  } catch (error) {
    showError(error.message);
  } finally {
    setBusy(false);
    if (document.activeElement === document.body) focused?.focus(); // a disabled one loses it
  }
}

async function classifySample() {
  const answer = await fetch("/sample.png");
  await classify(new File([await answer.blob()], "sample.png", { type: "image/png" }));
}

at("file").addEventListener("change", () => {
  const [file] = at("file").files;
  at("file").value = ""; // so that the same file can be chosen again
  if (file) classify(file);
});
at("sample").addEventListener("click", () => {
  classifySample().catch(() => showError("The server does not answer."));
});
// A file that misses the drop zone must not replace the page.
for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    const over = kind === "dragenter" || kind === "dragover";
    at("drop").classList.toggle("over", over);
  });
}
document.addEventListener("drop", (event) => {
  const [file] = event.dataTransfer.files;
  if (file) classify(file);
  else showError("Nothing to classify was dropped: drop a file.");
});

ask("/api/model")
  .then((x) => {
    accepts = x.accepts;
    showModel(x);
    showTime(x);
    showActivity(x);
  })
  .catch((error) => showError(error.message));
