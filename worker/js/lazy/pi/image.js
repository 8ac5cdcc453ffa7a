// A picture, told in words: the view of a plugin is made of text.
"use strict";

/** {widthPx, heightPx} of the start of a PNG, GIF or WebP; null when it is none that is known. */
function sizeOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const holds = (at, text) => [...text].every((letter, i) => bytes[at + i] === letter.charCodeAt(0));
  if (bytes.length >= 24 && holds(1, "PNG")) return { widthPx: view.getUint32(16), heightPx: view.getUint32(20) };
  if (bytes.length >= 10 && holds(0, "GIF8")) return { widthPx: view.getUint16(6, true), heightPx: view.getUint16(8, true) };
  if (bytes.length >= 30 && holds(0, "RIFF") && holds(12, "VP8X")) {
    const of24 = (at) => 1 + bytes[at] + bytes[at + 1] * 256 + bytes[at + 2] * 65536;
    return { widthPx: of24(24), heightPx: of24(27) };
  }
  if (bytes.length >= 4 && bytes[0] === 0xff && bytes[1] === 0xd8) return jpegSize(bytes, view);
  return null;
}

/** Of a JPEG the size is in the first frame header, behind other parts. */
function jpegSize(bytes, view) {
  let at = 2;
  while (at + 9 < bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1];
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { widthPx: view.getUint16(at + 7), heightPx: view.getUint16(at + 5) };
    }
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}

/** As above, of an image in base64; what cannot be read has no size. */
function getImageDimensions(base64Data) {
  try {
    const start = base64Data.slice(0, 64 * 1024);
    return sizeOf(Uint8Array.from(atob(start.slice(0, start.length - (start.length % 4))), (letter) => letter.charCodeAt(0)));
  } catch {
    return null;
  }
}

/** The words for an image. */
function imageFallback(mimeType, dimensions, filename) {
  const parts = [filename, `[${mimeType}]`, dimensions ? `${dimensions.widthPx}x${dimensions.heightPx}` : undefined];
  return `[Image: ${parts.filter((part) => part).join(" ")}]`;
}

class Image {
  #text;
  #theme;
  #id;
  constructor(base64Data, mimeType, theme, options = {}, dimensions = undefined) {
    this.#theme = theme;
    this.#id = options.imageId;
    this.#text = imageFallback(mimeType, dimensions ?? getImageDimensions(base64Data) ?? undefined, options.filename);
  }
  getImageId() {
    return this.#id;
  }
  invalidate() {
    // nothing is kept between two renders
  }
  render() {
    return [this.#theme.fallbackColor(this.#text)];
  }
}

Object.assign(exports, { Image, getImageDimensions, imageFallback });
