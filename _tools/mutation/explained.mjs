// Mutants that no test notices, by the reason why none can: the line, what stands
// there, and what Stryker puts in its place.

export const explained = [];
