/** One line `name='text'` or `name=('a' 'b')` as `model/core/script.ts` writes the value of a variable. */
const ASSIGNMENT = /^((?:declare -A )?\w+=)((?:'[^']*'|\\'|[\w.,:/@%+-])*|\((?:'[^']*'|\\'|[^'()])*\))$/gm;
/** A file in a script, of which the shell reads nothing. */
const FILE = /(<<-?'(\w+)'.*\n)[^]*?\n?(^\t*\2$)/gm;

/** What a value is to a shell: shellcheck lets a number stand without quotes. */
function kindOf(value: string): string {
  const text = value.replaceAll(/[()'"\\]/g, " ").trim();
  if (text === "") return "";
  return /^[\d ]+$/.test(text) ? "0" : /^[\w.,:/@%+-]+$/.test(text) ? "word" : "text";
}

/** A rendered script without what differs from host to host: values of variables, of which their kind stays, and the text of files. */
export function shapeOf(script: string): string {
  return script
    .replace(FILE, "$1$3")
    .replace(
      ASSIGNMENT,
      (_, name: string, value: string) => `${name}${value.startsWith("(") ? "()" : ""}${kindOf(value)}`,
    );
}
