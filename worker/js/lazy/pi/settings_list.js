// A list of settings: each has values that Enter steps through, or a component of its own to choose one.
"use strict";

const { fuzzyFilter } = require("pi/fuzzy");
const { Input } = require("pi/input");
const { getKeybindings } = require("pi/keybindings");
const { windowAround } = require("pi/select_list");
const { truncateToWidth, visibleWidth, wrapTextWithAnsi } = require("pi/text");

const WIDEST_LABEL = 30;

class SettingsList {
  #search = null;
  #submenu = null; // {component, index}

  constructor(items, maxVisible, theme, onChange, onCancel, options = {}) {
    Object.assign(this, { items, filteredItems: items, maxVisible, theme, onChange, onCancel, selectedIndex: 0 });
    if (options.enableSearch) this.#search = new Input();
  }

  updateValue(id, newValue) {
    const item = this.items.find((one) => one.id === id);
    if (item !== undefined) item.currentValue = newValue;
  }
  invalidate() {
    this.#submenu?.component.invalidate?.();
  }

  get #shown() {
    return this.#search === null ? this.items : this.filteredItems;
  }

  handleInput(data) {
    if (this.#submenu !== null) {
      this.#submenu.component.handleInput?.(data);
      return;
    }
    const keys = getKeybindings();
    if (keys.matches(data, "tui.select.up")) this.#move(-1);
    else if (keys.matches(data, "tui.select.down")) this.#move(1);
    else if (keys.matches(data, "tui.select.confirm") || data === " ") this.#activate();
    else if (keys.matches(data, "tui.select.cancel")) this.onCancel();
    else if (this.#search !== null) {
      const typed = data.replace(/ /g, "");
      if (typed === "") return;
      this.#search.handleInput(typed);
      this.filteredItems = fuzzyFilter(this.items, this.#search.getValue(), (item) => item.label);
      this.selectedIndex = 0;
    }
  }
  #move(by) {
    const count = this.#shown.length;
    if (count > 0) this.selectedIndex = (this.selectedIndex + by + count) % count;
  }
  #activate() {
    const item = this.#shown[this.selectedIndex];
    if (item === undefined) return;
    const change = (value) => {
      item.currentValue = value;
      this.onChange(item.id, value);
    };
    if (item.submenu) {
      const index = this.selectedIndex;
      const component = item.submenu(item.currentValue, (value) => {
        if (value !== undefined) change(value);
        this.#submenu = null;
        this.selectedIndex = index;
      });
      this.#submenu = { component, index };
    } else if (item.values?.length > 0) change(item.values[(item.values.indexOf(item.currentValue) + 1) % item.values.length]);
  }

  render(width) {
    if (this.#submenu !== null) return this.#submenu.component.render(width);
    const lines = this.#search === null ? [] : [...this.#search.render(width), ""];
    const items = this.#shown;
    if (this.items.length === 0) {
      lines.push(this.theme.hint("  No settings available"));
      return this.#search === null ? lines : [...lines, ...this.#hint(width)];
    }
    if (items.length === 0) return [...lines, truncateToWidth(this.theme.hint("  No matching settings"), width), ...this.#hint(width)];
    const [first, end] = windowAround(this.selectedIndex, items.length, this.maxVisible);
    const labelWidth = Math.min(WIDEST_LABEL, Math.max(...this.items.map((item) => visibleWidth(item.label))));
    for (let i = first; i < end; i++) lines.push(this.#line(items[i], i === this.selectedIndex, labelWidth, width));
    if (first > 0 || end < items.length) {
      lines.push(this.theme.hint(truncateToWidth(`  (${this.selectedIndex + 1}/${items.length})`, width - 2, "")));
    }
    const description = items[this.selectedIndex]?.description;
    if (description) lines.push("", ...wrapTextWithAnsi(description, width - 4).map((line) => this.theme.description(`  ${line}`)));
    return [...lines, ...this.#hint(width)];
  }
  #line(item, isSelected, labelWidth, width) {
    const prefix = isSelected ? this.theme.cursor : "  ";
    const label = this.theme.label(item.label + " ".repeat(Math.max(0, labelWidth - visibleWidth(item.label))), isSelected);
    const room = width - visibleWidth(prefix) - labelWidth - 4;
    const value = this.theme.value(truncateToWidth(item.currentValue, room, ""), isSelected);
    return truncateToWidth(`${prefix}${label}  ${value}`, width);
  }
  #hint(width) {
    const search = this.#search === null ? "" : "Type to search \u00b7 ";
    return ["", truncateToWidth(this.theme.hint(`  ${search}Enter/Space to change \u00b7 Esc to cancel`), width)];
  }
}

exports.SettingsList = SettingsList;
