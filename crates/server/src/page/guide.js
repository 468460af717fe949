// Guided enrollment: the camera stays on, the server says how well a face can be seen, and a
// photo is taken by itself when the pose that is wanted is held. Five different ones.

import {
  addShot, ask, at, blobOf, draw, enroll, hint, leaveOut, openCamera, pause, sentence, show, shotsLeft,
  stopTracks,
} from "./door.js";

const PAUSE = 0.25; // seconds between two looks
const STEADY = 2; // looks in a row that have to fit
const LOOK = 640; // pixels of the longer side of what is only looked at
const LEAST_SIZE = 0.3; // of the photo's shorter side
const OFF_CENTER = 0.22; // of the photo's sides
const CLOSER = 1.2; // times the size in the first photo
const ROUNDS = 3; // times that photos are taken again if the server refuses some
const PROOFS = 8; // looks at the end until the door is said not to be sure

/** Whether a head is turned so far from how it was in the first photo, to one's own left, which
 *  is the right of the photo. Measured angles are smaller than those of the head. */
const isTurned = (face, first) => face.yaw - first.yaw > 10 && face.yaw < 45;
const isStraight = (face, first) => Math.abs(face.yaw - first.yaw) < 9;
const mirrored = ({ yaw, ...rest }) => ({ ...rest, yaw: -yaw });

/** What is wanted of each photo; `fits` sees its quality, that of the first one, and for how many
 *  seconds it has been wanted. */
const POSES = [
  { label: "Straight ahead", ask: "Look straight at the camera.", fits: (face) => Math.abs(face.yaw) < 18 },
  { label: "A little left", ask: "Turn your head a little to your left.", fits: isTurned },
  { label: "A little right", ask: "Turn your head a little to your right.", fits: (face, first) => isTurned(mirrored(face), mirrored(first)) },
  { label: "Closer", ask: "Look straight ahead again, and come a little closer.", fits: (face, first) => isStraight(face, first) && face.size > CLOSER * first.size },
  { label: "Another look", ask: "Now a smile, or your glasses on or off, looking straight ahead.", fits: (face, first, waited) => isStraight(face, first) && waited > 2.5 },
];

const dialog = at("guide-dialog");
const video = at("guide-video");
let guide = null; // the run that goes on

function tell(text, good = false) {
  if (at("guide-hint").textContent !== text) at("guide-hint").textContent = text;
  dialog.dataset.good = good;
}

function showPoses() {
  at("poses").replaceChildren(...POSES.map((pose, number) => {
    const item = document.createElement("li");
    const shot = guide.shots[number];
    item.className = shot ? "done" : number === guide.wanted() ? "now" : "";
    if (item.className === "now") item.setAttribute("aria-current", "step");
    if (shot) item.append(guide.images[number]);
    const words = document.createElement("span");
    words.textContent = shot ? `${pose.label} ✓` : pose.label;
    item.append(words);
    return item;
  }));
}

/** The photo of now, as a file. */
function snapshot(side) {
  const canvas = document.createElement("canvas");
  draw(video, video.videoWidth, video.videoHeight, canvas, side);
  return blobOf(canvas);
}

/** What is to be changed before the photo can be taken; nothing if all is well. */
function fault({ faces, width, height }, pose) {
  if (!faces.length) return "I see nobody. Come before the camera.";
  const [face, next] = faces;
  if (next && next.box[2] > face.box[2] / 2) return "One at a time, please.";
  const { quality, box: [x, y, across, down] } = face;
  if (quality.size < LEAST_SIZE * Math.min(width, height)) return "Come a little closer.";
  const off = Math.max(Math.abs((x + across / 2) / width - 0.5), Math.abs((y + down / 2) / height - 0.5));
  if (off > OFF_CENTER) return "Move to the middle of the oval.";
  const [limit] = [...face.refused, ...face.warnings].filter(({ measure }) => measure !== "yaw");
  if (limit) return hint(limit.reason);
  const waited = (performance.now() - guide.since) / 1000;
  return pose.fits(quality, guide.first, waited) ? null : pose.ask;
}

/** Takes a photo of each pose that is wanted. */
async function takePhotos(run) {
  let steady = 0;
  while (run === guide && run.wanted() >= 0) {
    const pose = POSES[run.wanted()];
    const seen = await ask("POST", "v1/detect", await snapshot(LOOK));
    if (run !== guide) return;
    const wrong = fault(seen, pose);
    steady = wrong ? 0 : steady + 1;
    if (wrong) tell(wrong);
    else if (steady < STEADY) tell("Good. Hold still…", true);
    else {
      await take(seen.faces[0].quality);
      steady = 0;
    }
    await pause(PAUSE);
  }
}

/** Takes the photo that is wanted, as it is. */
async function take(quality) {
  const number = guide.wanted();
  const shot = addShot(await snapshot());
  if (number === 0 && quality) guide.first = quality;
  // Its address is gone once it is enrolled; the photo stays.
  const image = document.createElement("img");
  image.src = shot.url;
  image.alt = "";
  guide.images[number] = image;
  guide.shots[number] = shot;
  guide.since = performance.now();
  dialog.classList.add("flash");
  setTimeout(() => dialog.classList.remove("flash"), 250);
  showPoses();
}

/** Enrolls; photos that the server refuses are wanted again. */
async function enrollAll(run) {
  tell("One moment: I am learning your face.", true);
  const person = await enroll();
  const refused = run.shots.filter((shot) => shotsLeft().includes(shot));
  for (const shot of refused) {
    run.shots[run.shots.indexOf(shot)] = undefined;
    leaveOut(shot);
  }
  showPoses();
  return { person, refused };
}

/** Shows that the door knows whoever stands before it. */
async function prove(run, name) {
  for (let looks = 0; looks < PROOFS && run === guide; looks++) {
    tell("Now look at the camera once more, to try it.", true);
    const answer = await ask("POST", "v1/recognize?top=1", await snapshot(LOOK)).catch(() => null);
    const face = answer?.faces.find((one) => one.person === name);
    if (face) {
      const room = Math.round(100 * (1 - face.distance / answer.threshold));
      return `The door knows you, ${name}. There were ${room} % to spare.`;
    }
    await pause(PAUSE);
  }
  return `You are enrolled, ${name}, but the door does not know you in this light. Add photos taken here.`;
}

async function run() {
  const name = at("name").value.trim();
  const run = { shots: [], images: [], since: performance.now(), first: { yaw: 0, size: 0 }, wanted: () => POSES.findIndex((_, number) => !run.shots[number]) };
  guide = run;
  at("guide-title").textContent = `Photos of ${name}`;
  at("guide-take").hidden = false;
  at("guide-end").textContent = "Stop";
  show("nothing");
  showPoses();
  tell("The camera is being started…");
  dialog.showModal();
  try {
    const stream = await openCamera();
    if (run !== guide) return stopTracks(stream);
    video.srcObject = stream;
    await video.play();
    let outcome;
    for (let round = 0; round < ROUNDS; round++) {
      await takePhotos(run);
      if (run !== guide) return;
      outcome = await enrollAll(run);
      if (!outcome.refused.length) break;
      const wrong = outcome.refused[0].wrong ?? "They could not be sent";
      tell(`${sentence(wrong)} Once more, please.`);
      await pause(2);
    }
    at("guide-take").hidden = true;
    tell(outcome.person ? await prove(run, outcome.person.name) : at("enrolled").textContent, Boolean(outcome.person));
    at("guide-end").textContent = "Done";
    at("guide-end").focus();
  } catch (error) {
    tell(sentence(error.message));
  }
}

at("guide").onclick = () => {
  const fields = [at("name"), at("agreed")];
  if (fields.every((field) => field.reportValidity())) run();
};
at("guide-take").onclick = () => {
  if (guide && video.srcObject && guide.wanted() >= 0) take();
};
at("guide-end").onclick = () => dialog.close();
dialog.addEventListener("close", () => {
  guide = null;
  stopTracks(video.srcObject);
  video.srcObject = null;
});
