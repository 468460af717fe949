// The door: a photo in, an answer out. Talks to this server only, and keeps nothing
// but the token, for as long as the tab is open.

const at = (id) => document.getElementById(id);
const house = at("house");
const video = at("video");
const still = at("still");
const marks = at("marks");

const LARGEST_SIDE = 1600; // pixels of a photo that is sent
const FARTHEST = 1.6; // distances beyond it are drawn there
const PAGE = 100; // residents that are listed at a time
const SEARCHED = 6; // residents from which on a search is offered
const LONGEST_WAIT = 5; // seconds before a request is sent again to a busy server
const CLOSES_AFTER = 8; // seconds after which the door closes by itself
const HEIC_WAY = "Save it as JPEG; an iPhone does that by itself with Settings, Camera, Formats, Most Compatible.";
const WELCOME = "Show your face to the camera, or choose a photo, and ring.";

// ---------- The server ----------

/** Answers of the server that are errors. */
class Refused extends Error {
  constructor(status, answer) {
    super(answer?.error ?? `the server answers ${status}`);
    this.kind = answer?.kind;
  }
}

/** Asks the server; `read` takes an answer that is no JSON. */
async function ask(method, path, body, read) {
  for (let retries = 0; ; ) {
    const headers = {};
    const token = sessionStorage.getItem("token");
    if (token) headers.Authorization = `Bearer ${token}`;
    let response;
    try {
      response = await fetch(path, { method, body, headers });
    } catch {
      throw new Error("The server does not answer. Is facenet serve still running?");
    }
    if (response.status === 401) {
      if (await askForToken(Boolean(token))) continue;
      throw new Error("This door answers only who has its token.");
    }
    const wait = response.status === 503 && response.headers.get("Retry-After");
    if (wait && retries++ === 0) {
      await pause(Math.min(Number(wait) || 1, LONGEST_WAIT));
      continue;
    }
    if (response.ok && read) return read(response);
    const answer = response.status === 204 ? null : await response.json().catch(() => null);
    if (!response.ok) throw new Refused(response.status, answer);
    return answer;
  }
}

function pause(seconds) {
  return new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
}

let tokenAsked = null;

/** Asks for the token, once for all requests that need it; whether there was an answer. */
function askForToken(wasWrong) {
  tokenAsked ??= new Promise((resolve) => {
    const dialog = at("token-dialog");
    at("token-wrong").hidden = !wasWrong;
    dialog.returnValue = "";
    dialog.addEventListener("close", () => {
      const entered = dialog.returnValue === "enter";
      if (entered) sessionStorage.setItem("token", at("token").value);
      at("token").value = "";
      tokenAsked = null;
      resolve(entered);
    }, { once: true });
    dialog.showModal();
  });
  return tokenAsked;
}

// ---------- The photo ----------

let stream = null;
let shown = "nothing"; // what the view shows: "camera", "still" or "nothing"
let answered = false; // whether the door has answered to the photo in the view
let watched = false; // whether the door looks by itself

async function openCamera() {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new Error("A browser gives pages the camera on this machine, or over https, only.");
  }
  return navigator.mediaDevices.getUserMedia({
    video: { facingMode: "user", width: { ideal: 1280 }, height: { ideal: 720 } },
  });
}

async function startCamera() {
  stream = await openCamera();
  video.srcObject = stream;
  await video.play();
  show("camera");
}

function stopTracks(stream) {
  stream?.getTracks().forEach((track) => track.stop());
}

function stopCamera() {
  stopTracks(stream);
  stream = null;
  video.srcObject = null;
}

/** Shows the camera, a photo or nothing; a new photo clears the answer to the last. */
function show(what) {
  if (what !== "camera") stopCamera();
  reveal(what);
  answered = false;
  closeDoor();
  offerBell();
}

/** While the door answers to a photo of the camera, the photo stands still. */
function holdStill() {
  reveal("still");
  offerBell();
}

function reveal(what) {
  shown = what;
  video.hidden = shown !== "camera";
  still.hidden = shown !== "still";
  at("hint").hidden = shown !== "nothing";
  at("camera").setAttribute("aria-pressed", String(stream !== null));
  at("camera").textContent = stream ? "Stop camera" : "Camera";
  at("take").disabled = shown === "nothing";
  clearMarks();
}

/** The camera always has a new photo; a chosen one rings once. */
function offerBell() {
  at("ring").disabled = ringing || watched || shown === "nothing" || (answered && !stream);
}

function cameraIsOn() {
  return stream !== null;
}

function setWatched(value) {
  watched = value;
  offerBell();
}

/** Draws a photo, upright and not too large, on a canvas. */
function draw(source, width, height, canvas, side = LARGEST_SIDE) {
  const scale = Math.min(1, side / Math.max(width, height));
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
}

/** Whether a file is of the format of an iPhone, which only some browsers open. */
function isHeic(file) {
  return /\.hei[cf]$/i.test(file.name ?? "") || /^image\/hei[cf]/.test(file.type);
}

async function decoded(file) {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    if (isHeic(file)) throw new Error(`${file.name} is a HEIC photo, which this browser cannot open. ${HEIC_WAY}`);
    throw new Error(`${file.name || "This"} is no photo that this browser can open.`);
  }
}

async function showFile(file) {
  const bitmap = await decoded(file);
  draw(bitmap, bitmap.width, bitmap.height, still);
  bitmap.close();
  show("still");
}

/** The photo in the view as a file, and for good: a camera's is held still. */
function takePhoto() {
  if (stream) draw(video, video.videoWidth, video.videoHeight, still);
  return blobOf(still);
}

function blobOf(canvas) {
  return new Promise((resolve, reject) => {
    const taken = (blob) => (blob ? resolve(blob) : reject(new Error("The photo is empty.")));
    canvas.toBlob(taken, "image/jpeg", 0.93);
  });
}

// ---------- What is seen in it ----------

function clearMarks() {
  marks.width = marks.width; // which clears it
}

/** Boxes, landmarks and names over the photo. */
function mark(answer) {
  marks.width = answer.width;
  marks.height = answer.height;
  const pen = marks.getContext("2d");
  const unit = Math.max(answer.width, answer.height) / 400;
  for (const face of answer.faces) {
    if (!face.box) continue;
    const [x, y, width, height] = face.box;
    const color = face.person ? "#5fe0a0" : "#ff9d87";
    pen.strokeStyle = color;
    pen.lineWidth = 1.6 * unit;
    pen.beginPath();
    pen.roundRect(x, y, width, height, 6 * unit);
    pen.stroke();
    pen.fillStyle = color;
    for (const [px, py] of face.landmarks ?? []) {
      pen.beginPath();
      pen.arc(px, py, 2.6 * unit, 0, 2 * Math.PI);
      pen.fill();
      pen.lineWidth = 0.8 * unit;
      pen.strokeStyle = "#10231b"; // skin may have the color of the mark
      pen.stroke();
    }
    label(pen, face.person ?? "a stranger", x, y, unit, color, answer);
  }
}

function label(pen, text, x, y, unit, color, answer) {
  pen.font = `600 ${12 * unit}px system-ui, sans-serif`;
  const width = pen.measureText(text).width + 10 * unit;
  const height = 18 * unit;
  const left = Math.max(0, Math.min(x, answer.width - width));
  const top = Math.max(0, y - height - 3 * unit);
  pen.fillStyle = color;
  pen.beginPath();
  pen.roundRect(left, top, width, height, 4 * unit);
  pen.fill();
  pen.fillStyle = "#10231b";
  pen.fillText(text, left + 5 * unit, top + 13 * unit);
}

// ---------- The answer ----------

let closing = 0; // the timer of the door
let ringing = false;

function say(state, verdict, reason) {
  clearTimeout(closing);
  house.dataset.state = state;
  at("verdict").textContent = verdict;
  at("reason").textContent = reason;
}

/** What the door says to a ring: seen on a phone, too, and for a while only. */
function answerRing(state, verdict, reason) {
  say(state, verdict, reason);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  house.scrollIntoView({ block: "nearest", behavior: calm ? "instant" : "smooth" });
  closing = setTimeout(() => {
    if (stream) show("camera");
    else show("nothing");
  }, 1000 * CLOSES_AFTER);
}

function closeDoor() {
  say("closed", "Who is there?", WELCOME);
  at("gauge").toggleAttribute("hidden", true);
}

function listed(names) {
  return new Intl.ListFormat("en").format(names);
}

/** What the door says to an answer of v1/recognize. */
function answerDoor(answer) {
  const known = answer.faces.filter((face) => face.person);
  const strangers = answer.faces.length - known.length;
  gauge(known[0] ?? nearest(answer.faces), answer.threshold);
  if (known.length && access.challenge) {
    challenge(known[0].person);
  } else if (known.length) {
    const beside = strangers ? ` You bring ${strangers === 1 ? "somebody" : `${strangers} people`} I have not met.` : "";
    const names = [...new Set(known.map((one) => one.person))];
    answerRing("open", `Welcome home, ${listed(names)}`, `Come in; the door closes by itself.${beside}`);
  } else if (answer.people === 0) {
    answerRing("refused", "Please go away", "Nobody lives here yet. Enroll somebody below, and ring again.");
  } else {
    const [warning] = answer.faces.flatMap((face) => face.warnings);
    const way = warning ? hint(warning) : "Come closer, into the light, and ring again.";
    answerRing("refused", "Please go away", `I do not know this face. If you live here: ${way}`);
  }
}

/** A photo does not open a door that asks for a turn of the head; a camera's photo goes on. */
function challenge(name) {
  if (stream) {
    show("camera");
    document.dispatchEvent(new Event("challenge"));
  } else {
    answerRing("refused", "Come before the camera", `This looks like ${name}, but a photo does not open this door.`);
  }
}

function nearest(faces) {
  const distance = (face) => face.distance ?? Infinity;
  return faces.reduce((best, face) => (distance(face) < distance(best) ? face : best));
}

const SVG = "http://www.w3.org/2000/svg";

function shape(kind, attributes, text) {
  const element = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

/** The distance against the threshold, from "the same" to "different". */
function gauge(face, threshold) {
  const figure = at("gauge");
  figure.toggleAttribute("hidden", !face?.candidates.length);
  if (!face?.candidates.length) return;
  const [left, width, y] = [12, 376, 50];
  const place = (distance) => left + (Math.min(distance, FARTHEST) / FARTHEST) * width;
  at("gauge-scale").replaceChildren(
    shape("rect", { class: "track", x: left, y: y - 5, width, height: 10, rx: 5 }),
    shape("rect", { class: "near", x: left, y: y - 5, width: place(threshold) - left, height: 10, rx: 5 }),
    shape("line", { class: "limit", x1: place(threshold), x2: place(threshold), y1: y - 11, y2: y + 11 }),
    shape("text", { x: left, y: y + 30 }, "the same"),
    shape("text", { x: place(threshold), y: y + 30, "text-anchor": "middle" }, `threshold ${threshold.toFixed(2)}`),
    shape("text", { x: left + width, y: y + 30, "text-anchor": "end" }, "different"),
  );
  const [first, ...others] = face.candidates;
  const title = (mark, one) => {
    mark.append(shape("title", {}, `${one.name} ${one.distance.toFixed(4)}`));
    return mark;
  };
  const x = place(first.distance);
  const anchor = x < 90 ? "start" : x > 310 ? "end" : "middle";
  const same = first.distance < threshold ? " same" : "";
  at("gauge-marks").replaceChildren(
    ...others.map((one) => title(shape("circle", { class: "mark", cx: place(one.distance), cy: y, r: 5 }), one)),
    title(shape("circle", { class: `first${same}`, cx: x, cy: y, r: 10 }), first),
    shape("text", { class: "first-name", x, y: y - 22, "text-anchor": anchor },
      `${shortened(first.name)} ${first.distance.toFixed(2)}`),
  );
  figure.setAttribute("aria-label",
    `${first.name} is at distance ${first.distance.toFixed(2)}; the threshold is ${threshold.toFixed(2)}`);
}

function shortened(name) {
  const letters = [...name];
  return letters.length > 24 ? `${letters.slice(0, 23).join("")}…` : name;
}

async function ring() {
  if (ringing) return; // A second click comes before the button is disabled.
  ringing = true;
  say("looking", "One moment…", "Somebody is coming to the door.");
  at("gauge").toggleAttribute("hidden", true);
  offerBell();
  try {
    const blob = await takePhoto();
    holdStill();
    const answer = await ask("POST", "v1/recognize?top=3", blob);
    mark(answer);
    answerDoor(answer);
  } catch (error) {
    const [verdict, reason] = refusal(error);
    answerRing("refused", verdict, reason);
  } finally {
    ringing = false;
    answered = true;
    offerBell();
  }
}

/** What to say, as to a guest, when there is no answer. */
function refusal(error) {
  switch (error.kind) {
    case "no_face": return ["I see nobody", "Come a little closer, please, and look at the camera."];
    case "poor_face": return ["I cannot see you well", hint(error.message)];
    case "too_large": return ["That photo is too big", "A smaller one will do."];
    case "busy": return ["One at a time, please", "Many are at the door just now. Ring again in a moment."];
    case "store_unavailable": return ["I cannot look you up", "The list of residents is out of reach. Try again soon."];
    case "timeout": return ["That took too long", "Ring again, please."];
    default: return ["The door stays shut", sentence(error.message)];
  }
}

/** What would make a face easier to see, by the measure that the server names. */
function hint(message) {
  if (/mouth looks covered/.test(message)) return "Let me see your mouth and nose, please.";
  if (/eyes look covered/.test(message)) return "Let me see your eyes, please.";
  if (/: size /.test(message)) return "Come a little closer, please.";
  if (/: sharpness /.test(message)) return "Hold still for a moment, please.";
  if (/: yaw /.test(message)) return "Look straight at the camera, please.";
  if (/bright: /.test(message)) return "It is too bright here: turn away from the light, please.";
  if (/: (brightness|contrast) /.test(message)) return "A little more light, please.";
  return "Come closer, into the light, and look at the camera, please.";
}

/** With a capital, and an end if it has none. */
function sentence(text) {
  const end = /[.?!…]$/.test(text) ? "" : ".";
  return text.charAt(0).toUpperCase() + text.slice(1) + end;
}

// ---------- The residents ----------

let access = { ring: true, list: true, change: true, challenge: false };

/** Shows what whoever has this token may do. */
async function enter() {
  access = await ask("GET", "v1/access");
  at("visitor-note").hidden = access.list;
  at("enroll-part").hidden = !access.change;
  for (const id of ["people", "count"]) at(id).hidden = !access.list;
  if (!access.list) at("search-row").hidden = true;
  if (access.list) await listPeople();
  else at("nobody").hidden = at("more").hidden = true;
}

async function listPeople(after) {
  const search = at("search").value.trim().normalize();
  const query = new URLSearchParams({ limit: String(PAGE), ...(after && { after }), ...(search && { search }) });
  const { total, people } = await ask("GET", `v1/people?${query}`);
  if (search !== at("search").value.trim().normalize()) return; // A later answer is on its way.
  if (!search) {
    at("count").textContent = total === 1 ? "1 resident" : `${total} residents`;
    at("search-row").hidden = total < SEARCHED;
  }
  at("nobody").hidden = total !== 0;
  at("nobody").textContent = search ? "No resident has such a name." : "Nobody lives here yet.";
  const items = people.map(resident);
  if (after) at("people").append(...items);
  else at("people").replaceChildren(...items);
  at("more").hidden = people.length < PAGE;
  at("more").onclick = () => guarded(() => listPeople(people.at(-1).name));
  if (total === 0 && !search && access.change) at("enroll-part").open = true;
  document.dispatchEvent(new Event("listed"));
}

function resident(person) {
  const item = document.createElement("li");
  const face = document.createElement("span");
  face.className = "face";
  face.setAttribute("aria-hidden", "true");
  face.textContent = [...person.name][0].toUpperCase();
  if (person.photos_kept) face.dataset.name = person.name;
  const who = document.createElement("span");
  who.className = "who";
  const name = document.createElement("b");
  name.textContent = person.name;
  const since = document.createElement("span");
  since.className = "small";
  const date = new Date(person.enrolled).toLocaleDateString();
  since.textContent = `${person.photos === 1 ? "1 photo" : `${person.photos} photos`} · since ${date}`;
  who.append(name, since);
  const remove = document.createElement("button");
  remove.type = "button";
  remove.className = "danger";
  remove.textContent = "Remove";
  remove.setAttribute("aria-label", `Remove ${person.name}`);
  remove.onclick = () => removePerson(person.name);
  const edit = document.createElement("button");
  edit.type = "button";
  edit.textContent = access.change ? "Edit" : "Show";
  edit.setAttribute("aria-label", `${edit.textContent} ${person.name}`);
  edit.dataset.edit = person.name;
  item.append(face, who, edit);
  if (access.change) item.append(remove);
  return item;
}

function removePerson(name) {
  const dialog = at("remove-dialog");
  at("remove-title").textContent = `Remove ${name}?`;
  dialog.returnValue = "";
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "remove") return;
    guarded(async () => {
      await ask("DELETE", `v1/people/${encodeURIComponent(name)}`);
      await listPeople();
      at("residents-title").tabIndex = -1;
      at("residents-title").focus();
    });
  }, { once: true });
  dialog.showModal();
}

// ---------- Enrollment ----------

let shots = []; // photos to enroll with, and what is wrong with each

function showShots() {
  at("shots").replaceChildren(...shots.map((shot, number) => {
    const item = document.createElement("li");
    item.classList.toggle("wrong", Boolean(shot.wrong));
    const image = document.createElement("img");
    image.src = shot.url;
    image.alt = `Photo ${number + 1}`;
    const drop = document.createElement("button");
    drop.type = "button";
    drop.textContent = "×";
    drop.setAttribute("aria-label", `Leave out photo ${number + 1}`);
    drop.onclick = () => leaveOut(shot);
    item.append(image, drop);
    if (shot.wrong) {
      const words = document.createElement("p");
      words.textContent = shot.wrong;
      item.append(words);
    }
    return item;
  }));
  at("unlike-row").hidden = !shots.some((shot) => shot.unlike);
  at("enroll-now").disabled = enrolling || shots.length === 0;
}

function leaveOut(shot) {
  URL.revokeObjectURL(shot.url);
  shots = shots.filter((other) => other !== shot);
  showShots();
}

function addShot(blob) {
  const shot = { blob, url: URL.createObjectURL(blob) };
  shots.push(shot);
  showShots();
  return shot;
}

/** The photos that are not enrolled. */
function shotsLeft() {
  return shots;
}

/** Adds files, made small; those that are no photos are named, and the others added. */
async function addFiles(files) {
  const unreadable = [];
  for (const [number, file] of files.entries()) {
    if (files.length > 1) tellEnrolled(true, `Opening photo ${number + 1} of ${files.length}…`);
    try {
      const bitmap = await decoded(file);
      const canvas = document.createElement("canvas");
      draw(bitmap, bitmap.width, bitmap.height, canvas);
      bitmap.close();
      addShot(await blobOf(canvas));
    } catch {
      unreadable.push(file.name || "one of them");
    }
  }
  if (unreadable.length) {
    const way = files.some((file) => unreadable.includes(file.name) && isHeic(file)) ? ` ${HEIC_WAY}` : "";
    tellEnrolled(false, `This browser cannot open ${listed(unreadable)}. JPEG, PNG and WebP work everywhere.${way}`);
  } else {
    tellEnrolled(true, "");
  }
}

function tellEnrolled(right, text) {
  at("enrolled").className = right ? "right" : "wrong";
  at("enrolled").textContent = text;
}

let enrolling = false;

/** Sends the photos one by one: each is small, and one that fails keeps no other back. Returns
 *  the person as enrolled, or nothing. */
async function enroll() {
  const name = at("name").value.trim();
  const waiting = [...shots];
  const bar = at("progress");
  const done = { person: null, resembles: null, copies: 0 };
  enrolling = true;
  bar.max = waiting.length;
  bar.hidden = false;
  try {
    for (const [number, shot] of waiting.entries()) {
      bar.value = number;
      tellEnrolled(true, `Looking at photo ${number + 1} of ${waiting.length}…`);
      await enrollShot(name, shot, done);
    }
  } catch (error) {
    tellEnrolled(false, sentence(error.message));
    return done.person;
  } finally {
    enrolling = false;
    bar.hidden = true;
    showShots();
    if (done.person) await listPeople();
  }
  tellOutcome(name, waiting.length, done);
  return done.person;
}

/** Enrolls one photo, or marks it with what is wrong with it. */
async function enrollShot(name, shot, done) {
  const form = new FormData();
  form.append("name", name);
  form.append("consent", "agreed, by the page's checkbox");
  if (at("keep").checked) form.append("keep_photos", "true");
  if (shot.unlike && at("unlike").checked) form.append("unlike", "accept");
  form.append("photo", shot.blob, "photo.jpg");
  try {
    const person = await ask("POST", "v1/people", form);
    done.person = person;
    done.resembles ??= person.resembles;
    done.copies += person.copies;
    leaveOut(shot);
  } catch (error) {
    const wrong = {
      no_face: "No face to be seen",
      several_faces: "More than one face",
      poor_face: "Hard to see",
      invalid_image: "Not a photo",
      too_large: "Too big",
      unlike_face: "Somebody else?",
    }[error.kind];
    if (!wrong) throw error;
    shot.wrong = wrong;
    shot.unlike = error.kind === "unlike_face";
    showShots();
  }
}

function tellOutcome(name, count, { person, resembles, copies }) {
  const photos = (number) => (number === 1 ? "1 photo" : `${number} photos`);
  const texts = [];
  if (person) texts.push(`${person.name} lives here now, with ${photos(person.photos)}.`);
  if (copies) texts.push(`${photos(copies)} had been there before.`);
  if (resembles) {
    texts.push(`Mind: ${resembles.name} looks so alike to the door that it may take one for the other.`);
  }
  if (shots.length) {
    const what = shots.length === count ? "No photo" : photos(shots.length);
    texts.push(shots.length === count && count > 1
      ? "No photo could be used; the reason is below each."
      : `${what} could not be used. Leave ${shots.length === 1 ? "it" : "them"} out with ×${
        shots.some((shot) => shot.unlike) ? `, or say that it is ${name} all the same` : ""}.`);
  } else {
    at("enroll").reset();
  }
  tellEnrolled(!shots.length, texts.join(" "));
}

// ---------- Keys, mice and fingers ----------

/** Shows errors of the user's own actions at the door. */
async function guarded(act) {
  try {
    await act();
  } catch (error) {
    say("closed", "Something is in the way", sentence(error.message));
  }
}

at("camera").onclick = () => guarded(() => (stream ? show("nothing") : startCamera()));
at("other-token").onclick = () => guarded(async () => {
  if (await askForToken(false)) await enter();
});
at("photo").onchange = (event) => guarded(async () => {
  const [file] = event.target.files;
  if (file) await showFile(file);
  event.target.value = "";
});
at("ring").onclick = ring;
at("take").onclick = () => guarded(async () => addShot(await takePhoto()));
at("files").onchange = (event) => guarded(async () => {
  await addFiles([...event.target.files]);
  event.target.value = "";
});
at("enroll").onsubmit = (event) => {
  event.preventDefault();
  enroll();
};

const view = at("view");
view.ondragover = (event) => {
  event.preventDefault();
  view.classList.add("over");
};
view.ondragleave = () => view.classList.remove("over");
view.ondrop = (event) => {
  event.preventDefault();
  view.classList.remove("over");
  const [file] = event.dataTransfer.files;
  if (file) guarded(() => showFile(file));
};
document.addEventListener("paste", (event) => {
  const [file] = event.clipboardData.files;
  if (file) guarded(() => showFile(file));
});

guarded(enter);

export {
  access, addShot, answerRing, ask, at, blobOf, cameraIsOn, clearMarks, closeDoor, draw, enroll, hint, leaveOut, listPeople,
  listed, mark, openCamera, pause, say, sentence, setWatched, shotsLeft, show, startCamera, stopTracks,
};
