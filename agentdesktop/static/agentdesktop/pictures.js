// A picture that an agent picks, as the messenger takes it: made smaller, or turned into JPEG, where that is needed.

import { _ } from "./words.js";

const MB = 1024 * 1024;
const SIDES = [2560, 1600, 1024];
const QUALITY = 0.85;
const FORMATS = { "image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF" };

export const sizeWords = (bytes) =>
  bytes < MB ? _("%(size)s kB", { size: Math.max(1, Math.round(bytes / 1024)) }) : _("%(size)s MB", { size: (bytes / MB).toFixed(1) });

// The file to send and its preview, or the sentence that says why not.
export async function prepare(file, { types, largest }) {
  const fits = (each) => types.includes(each.type) && each.size <= largest;
  const image = fits(file) ? null : await createImageBitmap(file).catch(() => null);
  if (!image && !fits(file)) return { error: notTaken(types) };
  const chosen = image ? await asJpeg(image, file.name, fits) : file;
  if (!chosen) return { error: tooLarge(file, largest) };
  return { file: chosen, name: chosen.name, size: chosen.size, preview: await dataUrl(chosen), smaller: chosen.size < file.size };
}

const tooLarge = (file, largest) =>
  _("This picture has %(size)s and cannot be made small enough: the messenger takes at most %(most)s.", { size: sizeWords(file.size), most: sizeWords(largest) });

const notTaken = (types) => _("This is no picture that can be sent. Choose one of these: %(formats)s.", { formats: types.map((type) => FORMATS[type] || type).join(", ") });

async function asJpeg(image, name, fits) {
  for (const side of SIDES) {
    const blob = await drawn(image, Math.min(1, side / Math.max(image.width, image.height)));
    const made = blob && new File([blob], `${name.replace(/\.\w+$/, "")}.jpg`, { type: blob.type });
    if (made && fits(made)) return made;
  }
  return null;
}

function drawn(image, scale) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.width * scale));
  canvas.height = Math.max(1, Math.round(image.height * scale));
  const surface = canvas.getContext("2d");
  surface.fillStyle = "white"; // JPEG knows no transparency
  surface.fillRect(0, 0, canvas.width, canvas.height);
  surface.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
}

// The page's policy allows data: for pictures, and no blob:.
function dataUrl(file) {
  return new Promise((done) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.onerror = () => done("");
    reader.readAsDataURL(file);
  });
}
