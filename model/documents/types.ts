/**
 * What a field takes: `bool`, `int`, `float`, `string`, `duration`, `quantity`, `any`, `[]T`, `map T`, or the name of a struct; a span such as
 * `1.36-` behind it says which minors have it.
 */
export type FieldType = string;

/** Structs of a document by their Go name, each with its fields as they are written. */
export type DocumentTypes = Readonly<Record<string, Readonly<Record<string, FieldType>>>>;
