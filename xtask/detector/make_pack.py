#!/usr/bin/env python3
"""Makes the pack that `cargo xtask train-detector` trains on.

    pip install opencv-python-headless numpy
    make_pack.py --teacher face_detection_yunet_2023mar.onnx --output pack \
        --faces celeba FOLDER 30000 --photos flickr FOLDER 0 --backgrounds food FOLDER 0

A source is a kind, a name, a folder that is searched for JPEG, PNG and WebP files, and the
most files that are taken of it (0: all), chosen evenly.

    --faces        pictures that show one face or more; one in which the teacher is sure of none
                   is left out
    --turned       the same, and only those whose largest face looks to the side
    --photos       pictures with any number of faces, also none
    --backgrounds  pictures without human faces; one in which the teacher is rather sure of a
                   face is left out

The teacher is YuNet (Wu, Peng, Yu: YuNet, a tiny millisecond-level face detector, 2023) as
OpenCV's FaceDetectorYN runs it: at several sizes, with and without a border, mirrored or not.
What it finds in several views is averaged. Files are written as `docs/training.md` describes.
"""

import argparse
import json
import os
import zlib
from multiprocessing import Pool
from pathlib import Path

import cv2
import numpy as np

ENDINGS = {".jpg", ".jpeg", ".png", ".webp"}
LONGEST = {"faces": 400, "turned": 400, "photos": 512, "backgrounds": 400}
# Scores: a face; perhaps a face; a picture with more is no background.
SURE, PERHAPS, NO_BACKGROUND = 0.7, 0.2, 0.5
# The nose between the eyes, from 0 at one to 1 at the other, of a face that looks ahead.
AHEAD = (0.12, 0.88)
# One of so many pictures, or people, is held out.
HELD_OUT = 20
MIRRORED = [1, 0, 2, 4, 3]

detector = None


def start(path):
    """Prepares a worker process."""
    global detector
    cv2.setNumThreads(1)
    detector = cv2.FaceDetectorYN.create(path, "", (320, 320), PERHAPS, 0.3, 500)


def look(image, longest, border=0.0, mirrored=False, degrees=0.0):
    """Faces of one view, rows of box (left, top, right, bottom), 10 landmarks, score, in
    pixels of `image`. The view is `longest` pixels with its border, a share of each side."""
    height, width = image.shape[:2]
    scale = longest / (max(height, width) * (1 + 2 * border))
    side = [int(np.ceil(scale * v * (1 + 2 * border) / 32) * 32) for v in (width, height)]
    angle = np.radians(degrees)
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    linear = np.array([[cosine, -sine], [sine, cosine]])
    shift = np.array(side) / 2 - linear @ np.array([width / 2, height / 2])
    # OpenCV counts from the centers of pixels, we from their corners.
    rest = linear / min(scale, 1.0)
    centers = shift - 0.5 + rest @ np.array([0.5, 0.5])
    view = cv2.warpAffine(shrunk(image, scale), np.hstack([rest, centers[:, None]]), tuple(side),
                          flags=cv2.INTER_LINEAR, borderValue=(114, 114, 114))
    if mirrored:
        view = np.ascontiguousarray(view[:, ::-1])
    detector.setInputSize(tuple(side))
    _, found = detector.detect(view)
    if found is None:
        return np.zeros((0, 15))
    points = found[:, 4:14].reshape(-1, 5, 2).astype(np.float64)
    corners = np.stack([found[:, 0:2], found[:, 0:2] + found[:, 2:4]], 1).astype(np.float64)
    if mirrored:
        points[..., 0] = side[0] - points[..., 0]
        points = points[:, MIRRORED]
        corners[..., 0] = side[0] - corners[:, ::-1, 0]
    inverse = np.linalg.inv(linear)
    points = (points - shift) @ inverse.T
    middle, size = (corners.mean(1) - shift) @ inverse.T, (corners[:, 1] - corners[:, 0]) / scale
    return np.hstack([middle - size / 2, middle + size / 2, points.reshape(-1, 10), found[:, 14:15]])


def shrunk(image, scale):
    """A smaller picture by means of areas, because the warp looks at four pixels only."""
    if scale >= 1:
        return image
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def overlap(a, b):
    """Intersection over union of two boxes."""
    size = np.minimum(a[2:4], b[2:4]) - np.maximum(a[0:2], b[0:2])
    common = np.prod(np.maximum(size, 0))
    return common / (np.prod(a[2:4] - a[0:2]) + np.prod(b[2:4] - b[0:2]) - common)


def merged(views):
    """Averages what several views found. The score is the mean of the two best."""
    rows = np.concatenate(views)
    rows = rows[np.argsort(-rows[:, 14], kind="stable")]
    faces = []
    while len(rows):
        same = np.array([overlap(rows[0], row) > 0.4 for row in rows])
        group, rows = rows[same], rows[~same]
        best = np.sort(group[:, 14])[::-1]
        second = best[1] if len(best) > 1 else 0.8 * best[0]
        sure = group[group[:, 14] > best[0] - 0.1]
        face = sure.mean(0)
        face[14] = (best[0] + second) / 2
        faces.append(face)
    return np.array(faces).reshape(-1, 15)


def label(image, kind):
    """All faces of a picture, or None where it is to be left out."""
    if kind == "turned" and not is_turned(look(image, 192, 0.2)):
        return None
    if kind in ("faces", "turned"):
        faces = merged([look(image, 256, 0.2), look(image, 256, 0.2, True)])
        if not (faces[:, 14] >= SURE).any():
            views = [look(image, 320, 0.6), look(image, 320, 0.6, True)]
            views += [look(image, 320, 0.3, False, angle) for angle in (-30, 30)]
            faces = merged(views)
        return faces if (faces[:, 14] >= SURE).any() else None
    sizes = (320, 640, 1024) if kind == "photos" else (320,)
    views = [look(image, size, 0.05, mirrored) for size in sizes for mirrored in (False, True)]
    if kind == "backgrounds":
        views.append(look(image, 512))
    faces = merged(views)
    if kind == "backgrounds" and (faces[:, 14] >= NO_BACKGROUND).any():
        return None
    return faces


def is_turned(faces):
    """Whether the largest sure face looks to the side."""
    faces = faces[faces[:, 14] >= SURE]
    if not len(faces):
        return False
    face = faces[np.argmax(np.prod(faces[:, 2:4] - faces[:, 0:2], 1))]
    points = face[4:14].reshape(5, 2)
    along = points[1] - points[0]
    nose = (points[2] - points[0]) @ along / max(along @ along, 1e-9)
    return not AHEAD[0] <= nose <= AHEAD[1]


def work(task):
    """Reads, labels and perhaps shrinks one picture: its file's bytes and faces."""
    kind, path = task
    data = path.read_bytes()
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None or min(image.shape[:2]) < 24:
        return None
    longest = max(image.shape[:2])
    keep = longest <= LONGEST[kind] and path.suffix.lower() in {".jpg", ".jpeg"}
    if longest > 1024:
        image = shrunk(image, 1024 / longest)
    faces = label(image, kind)
    if faces is None:
        return None
    scale = min(1.0, LONGEST[kind] / max(image.shape[:2]))
    if not keep:
        small = shrunk(image, scale)
        scale = small.shape[1] / image.shape[1]
        data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()
    faces[:, :14] *= scale if not keep else 1.0
    return data, faces


def is_held_out(name, path):
    """One in twenty: of the people where the file name begins with one's number, else of the
    files. A file has the same answer in every pack."""
    person = path.name.split("_")[0] if name == "celeba" else path.name
    return zlib.crc32(f"{name}/{person}".encode()) % HELD_OUT == 0


def chosen(folder, limit):
    """Files of a folder in the order of their names, or evenly some of them."""
    files = sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in ENDINGS)
    if limit and limit < len(files):
        files = [files[i * len(files) // limit] for i in range(limit)]
    return files


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--teacher", required=True)
    parser.add_argument("--output", required=True, type=Path)
    parser.add_argument("--workers", type=int, default=2)
    for kind in LONGEST:
        parser.add_argument(f"--{kind}", nargs=3, action="append", default=[],
                            metavar=("NAME", "FOLDER", "LIMIT"))
    arguments = parser.parse_args()
    sources = [(kind, *source) for kind in LONGEST for source in getattr(arguments, kind)]
    names, tasks, marks = [], [], []
    for number, (kind, name, folder, limit) in enumerate(sources):
        files = chosen(folder, int(limit))
        names.append(name)
        for path in files:
            tasks.append((kind, path))
            marks.append((number, is_held_out(name, path), f"{name}-{path.name}"))
    arguments.output.mkdir(parents=True, exist_ok=True)
    offsets, rows, kept, counts, seen = [0], [], [], {}, set()
    with open(arguments.output / "images.bin", "wb") as images, \
            Pool(arguments.workers, start, (arguments.teacher,)) as pool:
        for done, (result, mark) in enumerate(zip(pool.imap(work, tasks, 16), marks)):
            count = counts.setdefault(names[mark[0]], [0, 0, 0])
            count[0] += 1
            if done % 2000 == 0:
                print(f"{done} of {len(tasks)}", flush=True)
            if result is None or mark[2] in seen:
                continue
            seen.add(mark[2])
            data, faces = result
            images.write(data)
            index = len(kept)
            offsets.append(offsets[-1] + len(data))
            kept.append(mark)
            count[1] += 1
            count[2] += int((faces[:, 14] >= SURE).sum())
            rows += [np.concatenate([[index], face]) for face in faces]
    save = lambda name, array: np.save(arguments.output / name, array)
    save("offsets.npy", np.array(offsets, np.int64))
    save("faces.npy", np.array(rows, np.float32).reshape(-1, 16))
    save("source.npy", np.array([mark[0] for mark in kept], np.int32))
    save("held_out.npy", np.array([mark[1] for mark in kept], np.int32))
    (arguments.output / "names.txt").write_text("".join(f"{mark[2]}\n" for mark in kept))
    manifest = {"format": "image-pack-2", "images": len(kept)}
    (arguments.output / "pack.json").write_text(json.dumps(manifest))
    (arguments.output / "sources.txt").write_text("".join(f"{name}\n" for name in names))
    for name, (files, pictures, faces) in counts.items():
        print(f"{name}: {files} files, {pictures} pictures kept, {faces} faces")


if __name__ == "__main__":
    main()
