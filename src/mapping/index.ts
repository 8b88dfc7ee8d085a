export { type MappingCheck, checkMapping, shapeProblem } from "./check.ts";
export * from "./define.ts";
export { readMappingFolder } from "./folder.ts";
export { valueClass } from "./transforms.ts";
export { type LoadOptions, type MappingFile, MappingsNotValid, loadMapping, loadMappings } from "./load.ts";
