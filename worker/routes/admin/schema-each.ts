/** Schemas of objects whose members are alike: the type keeps their names, so that typed clients know them. */

export function schemaEach<const Name extends string, Schema>(
  names: readonly Name[],
  make: (name: Name) => Schema,
): Readonly<Record<Name, Schema>> {
  // `Object.fromEntries` forgets which names there are.
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, Schema>;
}
