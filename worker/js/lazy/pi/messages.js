// The messages of a session as pi-coding-agent shows them: a person's, the model's, and the run of a tool.
"use strict";

const { Box, Container, Spacer, Text } = require("pi/components");
const { getImageDimensions, imageFallback } = require("pi/image");
const { Markdown } = require("pi/markdown");
const { plainText } = require("pi/text");
const { currentTheme } = require("pi/theme");
const { getMarkdownTheme } = require("pi/themes");

const fg = (name) => (text) => currentTheme().fg(name, text);
const bg = (name) => (text) => currentTheme().bg(name, text);

class UserMessageComponent extends Container {
  constructor(text, markdownTheme = getMarkdownTheme()) {
    super();
    const box = new Box(1, 1, bg("userMessageBg"));
    box.addChild(new Markdown(text, 0, 0, markdownTheme, { color: fg("userMessageText") }));
    this.addChild(box);
  }
}

class AssistantMessageComponent extends Container {
  #hidesThinking;
  #theme;
  #label;
  #message;
  constructor(message = undefined, hideThinkingBlock = false, markdownTheme = getMarkdownTheme(), hiddenThinkingLabel = "Thinking...") {
    super();
    this.#hidesThinking = hideThinkingBlock;
    this.#theme = markdownTheme;
    this.#label = hiddenThinkingLabel;
    if (message) this.updateContent(message);
  }
  setHideThinkingBlock(hide) {
    this.#hidesThinking = hide;
    this.invalidate();
  }
  setHiddenThinkingLabel(label) {
    this.#label = label;
    this.invalidate();
  }
  invalidate() {
    super.invalidate();
    if (this.#message) this.updateContent(this.#message);
  }
  updateContent(message) {
    this.#message = message;
    const shown = message.content.filter((part) => (part.text ?? part.thinking ?? "").trim() !== "" && ["text", "thinking"].includes(part.type));
    this.children = shown.length > 0 ? [new Spacer(1)] : [];
    shown.forEach((part, i) => {
      this.addChild(this.#part(part));
      if (part.type === "thinking" && i < shown.length - 1) this.addChild(new Spacer(1));
    });
    const fault = message.content.some((part) => part.type === "toolCall") ? null : this.#fault(message);
    if (fault !== null) this.children.push(new Spacer(1), new Text(currentTheme().fg("error", fault), 1, 0));
  }
  #part(part) {
    if (part.type === "text") return new Markdown(part.text.trim(), 1, 0, this.#theme);
    if (this.#hidesThinking) return new Text(currentTheme().italic(currentTheme().fg("thinkingText", this.#label)), 1, 0);
    return new Markdown(part.thinking.trim(), 1, 0, this.#theme, { color: fg("thinkingText"), italic: true });
  }
  #fault({ stopReason, errorMessage }) {
    if (stopReason === "error") return `Error: ${errorMessage || "Unknown error"}`;
    if (stopReason !== "aborted") return null;
    return errorMessage && errorMessage !== "Request was aborted" ? errorMessage : "Operation aborted";
  }
}

/** The run of a tool: as the tool's own renderers say, or its name, its arguments and the text of its result. */
class ToolExecutionComponent extends Container {
  #run; // {toolName, toolCallId, args, tool, ui, cwd}
  #flags = { executionStarted: false, argsComplete: false, isPartial: true, expanded: false, showImages: false };
  #result;
  #state = {};
  #drawn = {}; // what each renderer gave last
  constructor(toolName, toolCallId, args, _options = {}, tool = undefined, ui = undefined, cwd = internals.instance.cwd) {
    super();
    this.#run = { toolName, toolCallId, args, tool, ui, cwd };
    this.#update();
  }
  updateArgs(args) {
    this.#run.args = args;
    this.#update();
  }
  markExecutionStarted() {
    this.#set("executionStarted", true);
  }
  setArgsComplete() {
    this.#set("argsComplete", true);
  }
  updateResult(result, isPartial = false) {
    this.#result = result;
    this.#set("isPartial", isPartial);
  }
  setExpanded(expanded) {
    this.#set("expanded", expanded);
  }
  setShowImages(_show) {
    // there are none: an image is its text
  }
  setImageWidthCells(_width) {
    // as above
  }
  invalidate() {
    super.invalidate();
    this.#update();
  }
  #set(flag, value) {
    this.#flags[flag] = value;
    this.#update();
    this.#run.ui?.requestRender();
  }

  #update() {
    const { args, tool, toolName } = this.#run;
    const ground = bg(this.#flags.isPartial ? "toolPendingBg" : this.#result?.isError ? "toolErrorBg" : "toolSuccessBg");
    const title = currentTheme().fg("toolTitle", currentTheme().bold(toolName));
    const output = this.#output();
    if (tool === undefined) {
      const told = JSON.stringify(args, null, 2);
      this.children = [new Spacer(1), new Text(`${title}${told ? `\n\n${told}` : ""}${output === "" ? "" : `\n${output}`}`, 1, 1, ground)];
      return;
    }
    const holder = tool.renderShell === "self" ? new Container() : new Box(1, 1, ground);
    const call = this.#draw("renderCall", (render, context) => render.call(tool, args, currentTheme(), context));
    holder.addChild(call ?? new Text(title, 0, 0));
    if (this.#result !== undefined) {
      const { content, details } = this.#result;
      const { expanded, isPartial } = this.#flags;
      const drawn = this.#draw("renderResult", (render, context) => render.call(tool, { content, details }, { expanded, isPartial }, currentTheme(), context));
      const shown = drawn ?? (output === "" ? null : new Text(currentTheme().fg("toolOutput", output), 0, 0));
      if (shown !== null) holder.addChild(shown);
    }
    this.children = [new Spacer(1), holder];
  }
  /** What the tool's own renderer called *name* gives; null when it has none or it failed. */
  #draw(name, run) {
    const render = this.#run.tool[name];
    if (typeof render !== "function") return null;
    const { args, cwd, toolCallId, ui } = this.#run;
    const context = {
      args, toolCallId, cwd, ...this.#flags, isError: this.#result?.isError ?? false, state: this.#state, lastComponent: this.#drawn[name],
      invalidate: () => {
        this.invalidate();
        ui?.requestRender();
      },
    };
    try {
      this.#drawn[name] = run(render, context);
      return this.#drawn[name] ?? null;
    } catch (error) {
      internals.reportUnhandled(error);
      return null;
    }
  }
  #output() {
    const parts = this.#result?.content ?? [];
    const texts = parts.filter((part) => part.type === "text").map((part) => plainText(part.text ?? ""));
    const images = parts.filter((part) => part.type === "image").map((part) => imageFallback(part.mimeType ?? "image/unknown", getImageDimensions(part.data ?? "")));
    return [texts.join("\n"), ...images].filter((text) => text !== "").join("\n");
  }
}

Object.assign(exports, { AssistantMessageComponent, ToolExecutionComponent, UserMessageComponent });
