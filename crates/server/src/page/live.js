// A door that watches: it looks by itself, and opens when the same resident is seen in several
// photos in a row. One decision a visit.

import {
  access, answerRing, ask, at, blobOf, cameraIsOn, clearMarks, closeDoor, draw, hint, listed, mark, pause, say, sentence, setWatched, startCamera,
} from "./door.js";

const PAUSE = 0.35; // seconds between two looks
const LOOK = 640; // pixels of the longer side of what is sent
const STEADY = 3; // looks that show the same resident
const STRANGER = 6; // looks in a row that show somebody, and no resident
const GONE = 3; // seconds without a face after which a visit is over
const TURNED = 10; // degrees of a turn of the head, as measured
const PATIENCE = 10; // seconds to turn it

const video = at("video");
let watch = null; // the run that goes on

/** What has been seen of a visit. */
class Visit {
  constructor() {
    this.name = null; // the resident of the latest looks
    this.looks = 0; // with that resident, less those without in between
    this.strange = 0; // looks in a row with nobody who lives here
    this.decided = new Set(); // residents that the door opened to, and null for a stranger
    this.last = performance.now();
    this.turn = null; // the challenge that was set
  }

  /** Adds a look; the resident that it was about long enough, null for a stranger, or nothing. */
  see(name) {
    this.last = performance.now();
    if (name === null) {
      this.strange += 1;
      this.looks = Math.max(0, this.looks - 1);
      // Who was let in and turns away is no stranger.
      return this.strange >= STRANGER && this.decided.size === 0 ? null : undefined;
    }
    this.strange = 0;
    this.looks = name === this.name ? this.looks + 1 : 1;
    this.name = name;
    return this.looks >= STEADY && !this.decided.has(name) ? name : undefined;
  }

  isOver() {
    return performance.now() - this.last > 1000 * GONE;
  }
}

/** The turn of a head in degrees, from the tip of the nose between the eyes; positive to the
 *  right of the photo. As the server measures it. */
function turnOf({ landmarks }) {
  if (!landmarks) return 0;
  const [left, right, nose] = landmarks;
  const along = [right[0] - left[0], right[1] - left[1]];
  const length = Math.hypot(...along);
  const off = (nose[0] - (left[0] + right[0]) / 2) * along[0] + (nose[1] - (left[1] + right[1]) / 2) * along[1];
  return (Math.atan2(off / length, 0.55 * length) * 180) / Math.PI;
}

/** Sets a turn of the head, or looks whether it was made; whether the door may open. */
function isChallengeMet(visit, face) {
  if (!access.challenge) return true;
  const now = performance.now();
  if (visit.turn?.name !== face.person || now > visit.turn.until) {
    const side = crypto.getRandomValues(new Uint8Array(1))[0] % 2 ? "left" : "right";
    visit.turn = { name: face.person, side, from: turnOf(face), until: now + 1000 * PATIENCE };
    say("looking", `Turn your head to your ${side}`, `I think you are ${face.person}. A photo cannot turn its head.`);
    return false;
  }
  // To one's own left is to the right of the photo.
  const turn = turnOf(face) - visit.turn.from;
  return (visit.turn.side === "left" ? turn : -turn) > TURNED;
}

function note(text) {
  if (at("house").dataset.state === "closed") at("reason").textContent = text;
}

/** One look: what the server says of the photo of now; nothing where no face can be used. */
async function look() {
  const canvas = document.createElement("canvas");
  draw(video, video.videoWidth, video.videoHeight, canvas, LOOK);
  try {
    return await ask("POST", "v1/recognize?top=0", await blobOf(canvas));
  } catch (error) {
    if (error.kind === "no_face") return null;
    if (error.kind === "poor_face") return { poor: hint(error.message) };
    if (["busy", "timeout", "store_unavailable"].includes(error.kind)) return { poor: "One moment, please." };
    throw error;
  }
}

/** Decides about a visit after a look at it. */
function consider(visit, answer) {
  mark(answer);
  const known = answer.faces.filter((face) => face.person);
  const [face] = known;
  const decision = visit.see(face ? face.person : null);
  if (decision === undefined) {
    if (face && visit.decided.has(face.person)) note(`${face.person} is here.`);
    else if (face) note("I see somebody I may know. One moment…");
    else if (visit.decided.size === 0) note("I see somebody. Look at the camera, please.");
    return;
  }
  if (decision === null) {
    visit.decided.add(null);
    const [warning] = answer.faces.flatMap((one) => one.warnings);
    const way = warning ? hint(warning) : "Come closer, into the light.";
    answerRing("refused", "Please go away", answer.people ? `I do not know this face. If you live here: ${way}` : "Nobody lives here yet. Enroll somebody below.");
  } else if (isChallengeMet(visit, face)) {
    // A challenge is met by who was asked, not by all who stand beside.
    const names = [...new Set((access.challenge ? [face] : known).map((one) => one.person))];
    names.forEach((name) => visit.decided.add(name));
    answerRing("open", `Welcome home, ${listed(names)}`, "Come in; the door closes by itself.");
  }
}

async function run() {
  const run = {};
  watch = run;
  let visit = null;
  setWatched(true);
  at("watch").setAttribute("aria-pressed", "true");
  at("watch").textContent = "Stop watching";
  try {
    if (!cameraIsOn()) await startCamera();
    note("I am watching. Nobody is there.");
    while (run === watch && cameraIsOn()) {
      // A page that nobody sees looks at nobody.
      const answer = document.hidden ? null : await look();
      if (run !== watch || !cameraIsOn()) break;
      if (answer?.faces) {
        visit ??= new Visit();
        consider(visit, answer);
      } else if (answer?.poor) {
        note(answer.poor);
      }
      if (!answer && at("house").dataset.state !== "open") clearMarks();
      if (!answer && visit?.turn) visit.looks = 0;
      if (visit?.isOver()) {
        if (at("house").dataset.state === "looking") closeDoor();
        visit = null;
        note("I am watching. Nobody is there.");
      }
      await pause(PAUSE);
    }
  } catch (error) {
    say("closed", "I cannot watch", sentence(error.message));
  } finally {
    if (run === watch) stop();
  }
}

function stop() {
  watch = null;
  setWatched(false);
  at("watch").setAttribute("aria-pressed", "false");
  at("watch").textContent = "Watch by itself";
  if (at("house").dataset.state === "looking") closeDoor();
}

at("watch").onclick = () => (watch ? stop() : run());
document.addEventListener("challenge", () => {
  if (!watch) run();
});
