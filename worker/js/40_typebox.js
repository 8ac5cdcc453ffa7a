// Type: the builders of TypeBox that plugins use for tool parameters. What they make is plain JSON Schema.
//
// Differs     from TypeBox in that only the builders are here: no Value, no compiler, no static types at run time.
//             Type.Optional marks with a symbol, which JSON leaves out and a spread keeps.

const optionalMark = Symbol.for("TypeBox.Optional");

/** Own enumerable fields of *options* over those of *schema*, as TypeBox merges them. */
function withOptions(schema, options) {
  const out = {};
  copyFields(out, options);
  copyFields(out, schema);
  return out;
}

function copyFields(target, source) {
  if (typeof source !== "object" || source === null) return;
  const keys = ownKeys(source);
  for (let i = 0; i < keys.length; i++) {
    const found = getDescriptor(source, keys[i]);
    if (found !== undefined && found.enumerable) defineData(target, keys[i], source[keys[i]]);
  }
}

function isOptional(schema) {
  return typeof schema === "object" && schema !== null && hasOwn(schema, optionalMark);
}

function objectSchema(properties, options) {
  const required = [];
  const shape = {};
  const keys = objectKeys(properties);
  for (let i = 0; i < keys.length; i++) {
    defineData(shape, keys[i], properties[keys[i]]);
    if (!isOptional(properties[keys[i]])) defineData(required, required.length, keys[i]);
  }
  const schema = { type: "object", properties: shape };
  if (required.length > 0) schema.required = required;
  return withOptions(schema, options);
}

function optionalSchema(schema) {
  const out = {};
  copyFields(out, schema);
  defineData(out, optionalMark, "Optional");
  return out;
}

function requiredSchema(schema) {
  const out = {};
  copyFields(out, schema);
  delete out[optionalMark];
  return out;
}

function literalSchema(value, options) {
  return withOptions({ const: value, type: typeof value }, options);
}

function enumValues(source) {
  const values = [];
  const keys = objectKeys(source);
  for (let i = 0; i < keys.length; i++) {
    // A TypeScript enum also maps numbers back to names.
    if (regexExec(/^-?\d+$/, keys[i]) !== null && typeof source[keys[i]] === "string" && !arrayIsArray(source)) continue;
    defineData(values, values.length, source[keys[i]]);
  }
  return values;
}

function unionOf(values, make, options) {
  const anyOf = [];
  for (let i = 0; i < values.length; i++) defineData(anyOf, i, make(values[i]));
  return withOptions({ anyOf }, options);
}

function recordSchema(key, value, options) {
  const names = literalNames(key);
  if (names !== null) {
    const properties = {};
    for (let i = 0; i < names.length; i++) defineData(properties, names[i], value);
    return objectSchema(properties, options);
  }
  const pattern = typeof key === "object" && key !== null && typeof key.pattern === "string" ? key.pattern : "^(.*)$";
  const patternProperties = {};
  defineData(patternProperties, pattern, value);
  return withOptions({ type: "object", patternProperties }, options);
}

/** The strings a key schema names (a literal, or a union of literals); null when it names none. */
function literalNames(schema) {
  if (typeof schema !== "object" || schema === null) return null;
  if (typeof schema.const === "string") return [schema.const];
  if (!arrayIsArray(schema.anyOf)) return null;
  const names = [];
  for (let i = 0; i < schema.anyOf.length; i++) {
    const inner = literalNames(schema.anyOf[i]);
    if (inner === null || inner.length !== 1) return null;
    defineData(names, i, inner[0]);
  }
  return names;
}

/** Rebuild an object schema from the properties that *keep* names, each through *change*. */
function reshape(schema, keep, change, options) {
  const properties = {};
  const old = schema.properties;
  const keys = objectKeys(old);
  const required = arrayIsArray(schema.required) ? schema.required : [];
  const isRequired = (name) => {
    for (let i = 0; i < required.length; i++) if (required[i] === name) return true;
    return false;
  };
  for (let i = 0; i < keys.length; i++) {
    if (!keep(keys[i])) continue;
    const property = isRequired(keys[i]) ? old[keys[i]] : optionalSchema(old[keys[i]]);
    defineData(properties, keys[i], change(property));
  }
  const rest = {};
  copyFields(rest, schema);
  delete rest.required;
  delete rest.properties;
  delete rest.type;
  return objectSchema(properties, withOptions(rest, options));
}

const unchanged = (value) => value;
const always = () => true;

function nameFilter(names) {
  const list = arrayIsArray(names) ? names : literalNames(names) || [];
  return (name) => {
    for (let i = 0; i < list.length; i++) if (list[i] === name) return true;
    return false;
  };
}

function stringEnum(values, options) {
  const list = [];
  for (let i = 0; i < values.length; i++) defineData(list, i, values[i]);
  return withOptions({ type: "string", enum: list }, options);
}

const Type = {};
publish(Type, "Object", (properties, options) => objectSchema(properties, options));
publish(Type, "String", (options) => withOptions({ type: "string" }, options));
publish(Type, "Number", (options) => withOptions({ type: "number" }, options));
publish(Type, "Integer", (options) => withOptions({ type: "integer" }, options));
publish(Type, "Boolean", (options) => withOptions({ type: "boolean" }, options));
publish(Type, "Null", (options) => withOptions({ type: "null" }, options));
publish(Type, "Any", (options) => withOptions({}, options));
publish(Type, "Unknown", (options) => withOptions({}, options));
publish(Type, "Unsafe", (schema) => withOptions({}, schema));
publish(Type, "Optional", (schema) => optionalSchema(schema));
publish(Type, "Array", (items, options) => withOptions({ type: "array", items }, options));
publish(Type, "Literal", (value, options) => literalSchema(value, options));
publish(Type, "Union", (schemas, options) => unionOf(schemas, unchanged, options));
publish(Type, "Intersect", (schemas, options) => withOptions({ allOf: schemas }, options));
publish(Type, "Enum", (source, options) => unionOf(enumValues(source), (value) => literalSchema(value), options));
publish(Type, "Record", (key, value, options) => recordSchema(key, value, options));
publish(Type, "Tuple", (items, options) => withOptions({
  type: "array", items, additionalItems: false, minItems: items.length, maxItems: items.length,
}, options));
publish(Type, "Partial", (schema, options) => reshape(schema, always, optionalSchema, options));
publish(Type, "Required", (schema, options) => {
  const properties = {};
  const keys = objectKeys(schema.properties);
  for (let i = 0; i < keys.length; i++) defineData(properties, keys[i], requiredSchema(schema.properties[keys[i]]));
  return objectSchema(properties, options);
});
publish(Type, "Pick", (schema, names, options) => reshape(schema, nameFilter(names), unchanged, options));
publish(Type, "Omit", (schema, names, options) => {
  const dropped = nameFilter(names);
  return reshape(schema, (name) => !dropped(name), unchanged, options);
});
freeze(Type);
