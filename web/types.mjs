// Writes gen/api.ts: the types of the server's interface, made of its document.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const { components, ...document } = JSON.parse(await readFile(join(here, "../server/openapi.json"), "utf8"));

/** The JSON Schema of a value as a TypeScript type. What it does not know it refuses. */
function type_of(schema, indent = "") {
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const either = schema.oneOf ?? schema.anyOf;
  if (either) return either.map((one) => type_of(one, indent)).join(" | ");
  return [schema.type].flat().map((type) => of_kind(type, schema, indent)).join(" | ");
}

function of_kind(type, schema, indent) {
  switch (type) {
    case "integer":
    case "number":
      return "number";
    case "string":
    case "boolean":
    case "null":
      return type;
    case "array":
      return `Array<${type_of(schema.items, indent)}>`;
    case "object":
      return schema.properties ? object(schema, indent) : "Record<string, unknown>";
    default:
      throw new Error(`there is no TypeScript for the schema ${JSON.stringify(schema)}`);
  }
}

function object({ properties, required = [] }, indent) {
  const inner = `${indent}  `;
  const fields = Object.entries(properties).map(([name, schema]) => {
    const optional = required.includes(name) ? "" : "?";
    return `${said(schema, inner)}${inner}${name}${optional}: ${type_of(schema, inner)};\n`;
  });
  return `{\n${fields.join("")}${indent}}`;
}

const said = ({ description }, indent) => (description ? `${indent}/** ${description.replace(/\s+/g, " ")} */\n` : "");

const types = Object.entries(components.schemas).map(
  ([name, schema]) => `${said(schema, "")}export type ${name} = ${type_of(schema)};\n`,
);
await mkdir(join(here, "gen"), { recursive: true });
const sound = `/** How a message of sound begins: see the document's x-sound. */\nexport const SOUND = ${JSON.stringify(document["x-sound"])} as const;\n`;
const made = `// Made by types.mjs of server/openapi.json.\n\n${[...types, sound].join("\n")}`;
const place = join(here, "gen/api.ts");
// One that is the same keeps its time, by which it is known what is fresh.
if (made !== (await readFile(place, "utf8").catch(() => ""))) await writeFile(place, made);
