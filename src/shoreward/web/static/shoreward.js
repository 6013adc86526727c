// The pages are whole without this. It keeps them live: what moves is sent whenever it is another one, and fitted into
// the page, so that focus, selection and open details stay as they are. It also asks for reasons.
"use strict";

const live = () => document.getElementById("live");
const SILENCE = 5000;
let stream = null, heard = 0, ahead = 0;

// The server's clock counts: a reader's may be wrong.
const seen = () => Date.now() / 1000 + ahead;
const align = (now) => { ahead = now - Date.now() / 1000; };

// --- fitting a new tree into the old one -----------------------------------------------------------------------

function fit(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName || (old.id || "") !== (fresh.id || "")) {
    old.replaceWith(fresh);
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  if (old.id === "pulse") return;
  if (old === document.activeElement && old.matches("input, select")) return;
  for (const { name, value } of [...fresh.attributes]) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) {
    const ours = name === "open" && old.nodeName === "DETAILS";
    if (!fresh.hasAttribute(name) && !ours && name !== "hidden") old.removeAttribute(name);
  }
  if (old.nodeName === "TIME") return;
  const keyed = new Map([...old.children].filter((one) => one.id).map((one) => [one.id, one]));
  let place = old.firstChild;
  for (const next of [...fresh.childNodes]) {
    const known = next.id ? keyed.get(next.id) : undefined;
    if (known && known !== place) old.insertBefore(known, place), place = known;
    if (!place || (next.id && !known)) { old.insertBefore(next, place); continue; }
    if (place.id && place.id !== (next.id || "") && fresh.querySelector(`#${CSS.escape(place.id)}`)) { old.insertBefore(next, place); continue; }
    const after = place.nextSibling;
    fit(place, next);
    place = after;
  }
  while (place) { const after = place.nextSibling; place.remove(); place = after; }
}

// --- staying live ----------------------------------------------------------------------------------------------

const saying = () => [...document.querySelectorAll("[data-say]")].map((one) => one.dataset.say);

function show(text) {
  const said = new Set(saying());
  fit(live(), new DOMParser().parseFromString(text, "text/html").getElementById("live"));
  ticks();
  find();
  const news = saying().filter((one) => !said.has(one));
  if (news.length) document.getElementById("said").textContent = news.join(". ");
}

function pulse(state, words) {
  const sign = document.getElementById("pulse");
  if (sign.dataset.state === state) return;
  sign.dataset.state = state;
  sign.querySelector(".words").textContent = words;
}

// The page's own address, asked for as a stream.
function listen() {
  if (document.body.dataset.live === undefined) return;
  if (stream) stream.close();
  heard = Date.now();
  stream = new EventSource(location.href);
  stream.addEventListener("part", (event) => show(JSON.parse(event.data)));
  stream.addEventListener("beat", (event) => { heard = Date.now(); align(Number(event.data)); pulse("live", "live"); });
  stream.onerror = () => { pulse("lost", "connection lost, trying again"); if (stream.readyState === EventSource.CLOSED) refused(); };
}

// Whoever is no longer signed in is led to where they can be.
async function refused() {
  const answer = await fetch(location.href).catch(() => null);
  if (answer && answer.status === 401) location.reload(); else setTimeout(listen, 2000);
}

// A connection that says nothing may be dead without a word.
function watch() {
  if (stream && stream.readyState === EventSource.OPEN && Date.now() - heard > SILENCE) {
    pulse("lost", "connection lost, trying again");
    listen();
  }
}

// --- times -----------------------------------------------------------------------------------------------------

function span(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 120) return `${whole} s`;
  const parts = [[Math.floor(whole / 86400), "d"], [Math.floor(whole / 3600) % 24, "h"], [Math.floor(whole / 60) % 60, "min"], [whole % 60, "s"]];
  const first = parts.findIndex(([amount]) => amount);
  return parts.slice(first, first + 2).filter(([amount]) => amount).map(([amount, unit]) => `${amount} ${unit}`).join(" ");
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

function words(how, at, now) {
  if (how === "clock") return clock.format(at * 1000);
  if (how === "until") return at > now ? `for ${span(at - now)} more, until ${clock.format(at * 1000)}` : "any moment";
  return now - at < 86400 * 2 ? `${span(now - at)} ago` : day.format(at * 1000);
}

function tick(one, now) {
  const text = words(one.dataset.how, Number(one.dataset.at), now);
  if (one.textContent !== text) one.textContent = text;
}

function ticks() {
  const now = seen();
  for (const one of document.querySelectorAll("time[data-how]")) tick(one, now);
}

// --- commands, each with a reason ------------------------------------------------------------------------------

const part = (name) => document.getElementById(`ask-${name}`);
let asked = null;

function ask(button) {
  asked = { ...button.dataset, key: crypto.randomUUID ? crypto.randomUUID() : String(Math.random()) };
  part("title").textContent = asked.title;
  part("words").textContent = asked.words;
  part("why").value = "";
  part("trouble").hidden = true;
  part("reason").hidden = asked.reason === undefined;
  part("fields").replaceChildren(...JSON.parse(asked.fields).map(entry));
  part("yes").textContent = asked.title;
  part("yes").className = button.classList.contains("danger") || button.classList.contains("stop") ? "danger" : "act";
  part("yes").disabled = false;
  document.getElementById("ask").showModal();
  (part("fields").querySelector("input, select") || part("why")).focus();
}

// One thing that a command takes beside a reason: a text, a choice, or a moment of the reader's own clock.
function entry({ name, label, kind, choices, optional }) {
  const box = document.createElement("div");
  const words = document.createElement("label");
  const field = document.createElement(kind === "choice" ? "select" : "input");
  field.id = `ask-field-${name}`;
  field.name = name;
  field.dataset.kind = kind;
  field.required = !optional;
  if (kind === "moment") field.type = "datetime-local";
  if (kind === "text") field.maxLength = 1000, field.autocomplete = "off";
  for (const [value, shown] of choices) field.append(new Option(shown, value));
  words.htmlFor = field.id;
  words.textContent = optional ? `${label} (may be empty)` : label;
  box.append(words, field);
  return box;
}

// What was entered, or the first label of what is missing.
function entered() {
  const body = {};
  for (const field of part("fields").querySelectorAll("input, select")) {
    const value = field.value.trim();
    if (!value && field.required) return { missing: field.labels[0].textContent };
    if (value) body[field.name] = field.dataset.kind === "moment" ? new Date(value).getTime() / 1000 : value;
  }
  const why = part("why").value.trim();
  if (asked.reason !== undefined && !why) return { missing: "Say why: the journal keeps it." };
  return { body: asked.reason === undefined ? body : { ...body, why } };
}

async function answer() {
  const { body: given, missing } = entered();
  if (missing) { trouble(missing); return; }
  part("yes").disabled = true;
  try {
    const body = JSON.stringify({ ...JSON.parse(asked.body), ...given });
    const headers = { "Content-Type": "application/json", "Shoreward-Request": "1", "Idempotency-Key": asked.key };
    const said = await fetch(asked.command, { method: "POST", body, headers });
    if (said.ok) { document.getElementById("ask").close(); return; }
    const problem = await said.json();
    trouble([problem.detail, problem.next].filter(Boolean).join(" "));
  } catch { trouble("The server did not answer. Nothing is known to have happened; trying again is safe."); }
  part("yes").disabled = false;
}

function trouble(text) {
  part("trouble").textContent = text;
  part("trouble").hidden = false;
  part("yes").disabled = false;
}

// --- finding a pipeline ----------------------------------------------------------------------------------------

function find() {
  const field = document.getElementById("find");
  if (!field) return;
  const wanted = field.value.trim().toLowerCase();
  for (const row of document.querySelectorAll("[data-find]")) row.hidden = !row.dataset.find.includes(wanted);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-command]");
  if (button && !button.disabled) ask(button);
});
// The policy lets no form be sent; what is looked for is a page of its own.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "get") return;
  event.preventDefault();
  location.assign(`${event.target.getAttribute("action")}?${new URLSearchParams(new FormData(event.target))}`);
});
document.addEventListener("input", (event) => { if (event.target.id === "find") find(); });
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.target.closest("input, textarea")) {
    const field = document.getElementById("find");
    if (field) { event.preventDefault(); field.focus(); }
  }
});
part("no").addEventListener("click", () => document.getElementById("ask").close());
part("yes").addEventListener("click", answer);
addEventListener("pagehide", () => stream && stream.close());
addEventListener("pageshow", (event) => { if (event.persisted) listen(); });
setInterval(() => { ticks(); watch(); }, 1000);
align(Number(document.body.dataset.now));
ticks();
listen();
