/** Which outputs are secret: those of the schema, and those whose argument is (deploy/annotate secrets of the engine). */
import { containsSecret, isObject, isSecret, plain, secret, type Value, type Values } from "../shared/values";
import { has, type Kind } from "./kind";

/** `values` with the marks of the schema and of `like`, which is what the engine sent. */
export function marked(kind: Kind, values: Values, like: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      has(kind, name, "secret") ? secret(value) : alike(value, like[name]),
    ]),
  );
}

function alike(value: Value, like: Value | undefined): Value {
  if (!containsSecret(like)) return value;
  if (isSecret(like)) return secret(plain(value));
  if (isObject(value) && isObject(like)) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, alike(entry, like[key])]));
  }
  if (Array.isArray(value) && Array.isArray(like) && value.length === like.length) {
    return value.map((entry, index) => alike(entry, like[index]));
  }
  return secret(value);
}
