// pi.env: variables of the workspace's environment. The host says which of them there are for this plugin.

/** {get, list}: get gives undefined for what is not set, and throws E_DENIED for what may not be read. */
function makeEnv() {
  const env = {};
  publish(env, "get", (name) => {
    if (typeof name !== "string") throw new TypeErrorCtor("env.get needs the name of a variable");
    const value = hostcallSync(null, "env.get", { __proto__: null, name }).value;
    return value === null ? undefined : value;
  });
  publish(env, "list", () => hostcallSync(null, "env.list", { __proto__: null }).names);
  return freeze(env);
}
