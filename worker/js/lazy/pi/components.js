// pi-tui's components that are made of text: each renders to lines of a given width. Nothing here draws.
"use strict";

const { truncateToWidth, visibleWidth, wrapTextWithAnsi } = require("pi/text");

/** *line* filled up to *width* columns, on *background* when there is one. */
const padded = (line, width, background) => {
  const full = line + " ".repeat(Math.max(0, width - visibleWidth(line)));
  return background === undefined ? full : background(full);
};

class Text {
  constructor(text = "", paddingX = 1, paddingY = 1, customBgFn = undefined) {
    Object.assign(this, { text, paddingX, paddingY, customBgFn });
  }
  setText(text) {
    this.text = text;
  }
  setCustomBgFn(fn) {
    this.customBgFn = fn;
  }
  invalidate() {
    // nothing is kept between two renders
  }
  render(width) {
    if (this.text === undefined || this.text.trim() === "") return [];
    const margin = " ".repeat(this.paddingX);
    const empty = Array(this.paddingY).fill(padded("", width, this.customBgFn));
    const lines = wrapTextWithAnsi(this.text.replace(/\t/g, "   "), Math.max(1, width - this.paddingX * 2));
    return [...empty, ...lines.map((line) => padded(margin + line + margin, width, this.customBgFn)), ...empty];
  }
}

class TruncatedText {
  constructor(text, paddingX = 0, paddingY = 0) {
    Object.assign(this, { text, paddingX, paddingY });
  }
  invalidate() {
    // as above
  }
  render(width) {
    const first = this.text.split("\n")[0];
    const margin = " ".repeat(this.paddingX);
    const empty = Array(this.paddingY).fill(" ".repeat(width));
    return [...empty, padded(margin + truncateToWidth(first, Math.max(1, width - this.paddingX * 2)) + margin, width), ...empty];
  }
}

class Spacer {
  constructor(lines = 1) {
    this.lines = lines;
  }
  setLines(lines) {
    this.lines = lines;
  }
  invalidate() {
    // as above
  }
  render() {
    return Array(this.lines).fill("");
  }
}

class Container {
  children = [];
  addChild(component) {
    this.children.push(component);
  }
  removeChild(component) {
    const at = this.children.indexOf(component);
    if (at >= 0) this.children.splice(at, 1);
  }
  clear() {
    this.children = [];
  }
  invalidate() {
    for (const child of this.children) child.invalidate?.();
  }
  render(width) {
    return this.children.flatMap((child) => child.render(width));
  }
}

class Box extends Container {
  constructor(paddingX = 1, paddingY = 1, bgFn = undefined) {
    super();
    Object.assign(this, { paddingX, paddingY, bgFn });
  }
  setBgFn(fn) {
    this.bgFn = fn;
  }
  render(width) {
    const lines = super.render(Math.max(1, width - this.paddingX * 2));
    if (lines.length === 0) return [];
    const margin = " ".repeat(this.paddingX);
    const empty = Array(this.paddingY).fill(padded("", width, this.bgFn));
    return [...empty, ...lines.map((line) => padded(margin + line, width, this.bgFn)), ...empty];
  }
}

Object.assign(exports, { Box, Container, Spacer, Text, TruncatedText, padded });
