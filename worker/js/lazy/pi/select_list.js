// A list to choose from with the keys, in two columns where items have descriptions.
"use strict";

const { getKeybindings } = require("pi/keybindings");
const { truncateToWidth, visibleWidth } = require("pi/text");

const GAP = 2; // between the columns
const NARROW = 40; // in as many columns or fewer there are no descriptions
const DEFAULT_COLUMN = 32;
const LEAST_DESCRIPTION = 10;
const CURSOR = "\u2192 ";

/** [first, end] of the *count* entries that are seen when *visible* fit and *selected* is in the middle. */
function windowAround(selected, count, visible) {
  const first = Math.max(0, Math.min(selected - Math.floor(visible / 2), count - visible));
  return [first, Math.min(first + visible, count)];
}

class SelectList {
  onSelect = undefined;
  onCancel = undefined;
  onSelectionChange = undefined;
  selectedIndex = 0;

  constructor(items, maxVisible, theme, layout = {}) {
    Object.assign(this, { items, filteredItems: items, maxVisible: maxVisible ?? 5, theme, layout });
  }

  setFilter(filter) {
    const start = filter.toLowerCase();
    this.filteredItems = this.items.filter((item) => item.value.toLowerCase().startsWith(start));
    this.selectedIndex = 0;
  }
  setSelectedIndex(index) {
    this.selectedIndex = Math.max(0, Math.min(index, this.filteredItems.length - 1));
  }
  getSelectedItem() {
    return this.filteredItems[this.selectedIndex] ?? null;
  }
  invalidate() {
    // nothing is kept between two renders
  }

  handleInput(data) {
    const keys = getKeybindings();
    const item = this.getSelectedItem();
    if (keys.matches(data, "tui.select.up")) this.#move(-1);
    else if (keys.matches(data, "tui.select.down")) this.#move(1);
    else if (keys.matches(data, "tui.select.confirm")) {
      if (item !== null) this.onSelect?.(item);
    } else if (keys.matches(data, "tui.select.cancel")) this.onCancel?.();
  }
  #move(by) {
    const count = this.filteredItems.length;
    if (count === 0) return;
    this.selectedIndex = (this.selectedIndex + by + count) % count;
    this.onSelectionChange?.(this.getSelectedItem());
  }

  render(width) {
    const items = this.filteredItems;
    if (items.length === 0) return [this.theme.noMatch("  No matching commands")];
    const column = this.#columnWidth();
    const [first, end] = windowAround(this.selectedIndex, items.length, this.maxVisible);
    const lines = items.slice(first, end).map((item, i) => this.#line(item, first + i === this.selectedIndex, width, column));
    if (first > 0 || end < items.length) {
      lines.push(this.theme.scrollInfo(truncateToWidth(`  (${this.selectedIndex + 1}/${items.length})`, width - 2, "")));
    }
    return lines;
  }

  #columnWidth() {
    const { minPrimaryColumnWidth: least, maxPrimaryColumnWidth: most } = this.layout;
    const bounds = [least ?? most ?? DEFAULT_COLUMN, most ?? least ?? DEFAULT_COLUMN];
    const widest = Math.max(...this.filteredItems.map((item) => visibleWidth(item.label || item.value) + GAP));
    return Math.max(1, Math.min(...bounds), Math.min(widest, Math.max(1, ...bounds)));
  }

  #cut(item, isSelected, maxWidth, columnWidth) {
    const text = item.label || item.value;
    const own = this.layout.truncatePrimary?.({ text, maxWidth, columnWidth, item, isSelected });
    return truncateToWidth(own ?? text, maxWidth, "");
  }

  #line(item, isSelected, width, columnWidth) {
    const prefix = isSelected ? CURSOR : "  ";
    const description = item.description ? item.description.replace(/[\r\n]+/g, " ").trim() : "";
    if (description !== "" && width > NARROW) {
      const column = Math.max(1, Math.min(columnWidth, width - prefix.length - 4));
      const text = this.#cut(item, isSelected, Math.max(1, column - GAP), column);
      const spaces = " ".repeat(Math.max(1, column - visibleWidth(text)));
      const room = width - prefix.length - visibleWidth(text) - spaces.length - 2;
      if (room > LEAST_DESCRIPTION) {
        const told = truncateToWidth(description, room, "");
        return isSelected ? this.theme.selectedText(prefix + text + spaces + told) : prefix + text + this.theme.description(spaces + told);
      }
    }
    const room = width - prefix.length - 2;
    const text = this.#cut(item, isSelected, room, room);
    return isSelected ? this.theme.selectedText(prefix + text) : prefix + text;
  }
}

Object.assign(exports, { SelectList, windowAround });
