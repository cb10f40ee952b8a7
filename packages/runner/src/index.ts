/**
 * The workshop: finds, builds and supervises the services of a project. It has no terminal: everything returns data and events, and failures are
 * MicroErrors.
 */
export { emptyCatalog, driverNames } from './types/manifest.js'
export type {
  Catalog,
  DockerDriver,
  DriverName,
  Drivers,
  EmbeddedDriver,
  ImplementationManifest,
  NativeDriver,
  Provides,
  ReadyCheck,
  ServiceTypeManifest,
  TypePort,
} from './types/manifest.js'
export { parseManifest, readCatalog } from './types/parse.js'

export { findPlugins } from './plugins/find-plugins.js'
export type { FindOptions, WantedReference } from './plugins/find-plugins.js'
export type { FetchOptions } from './plugins/fetch-options.js'
export type { FoundPlugin, FoundPlugins } from './plugins/found-plugin.js'

export { interfaceKinds } from './project/project.js'
export type { InterfaceChoice, InterfaceChoices, InterfaceKind, PluginUse, Project, ServiceDefinition } from './project/project.js'
export { findProject } from './project/find.js'
export type { Environment, ProjectLocation } from './project/find.js'
export { readProject } from './project/read.js'
export type { ReadProjectOptions } from './project/read.js'
export { expandPatterns } from './project/patterns.js'
export { selectServices } from './project/select.js'
export type { Selection } from './project/select.js'
export { projectSchema } from './project/schema.js'
export { writeProjectSchema } from './project/schema-file.js'
export type { JsonSchema } from './yaml/json-schema.js'
export type { Mistake } from '@microts/source/yaml'

export { build } from './run/build-services.js'
export type { BuildOptions, BuiltService } from './run/build-services.js'
export type { Bundle } from './build/bundle.js'
export type { BuildProblem } from './build/errors.js'

export { run, up } from './run/up.js'
export type { Run, RunOptions, RunTools, UpOptions } from './run/run.js'
export type { SaidChoice, SaidChoices } from './run/said.js'
export { settlePlugins } from './plugin-list/settle-plugins.js'
export type { SettledPlugins, SettlePluginsOptions, WrittenList } from './plugin-list/settle-plugins.js'
export { registryOfRun } from './run/registry-of-run.js'
export type { RunRegistry } from './run/registry-of-run.js'
export { readLogs } from './run/read-logs.js'
export type { LogLine, ReadLogsOptions } from './run/read-logs.js'
export { errorData } from './timeline/event.js'
export type { ErrorData, RunEvent, RunHappening } from './timeline/event.js'

export { down } from './state/down.js'
export type { DownOptions } from './state/down.js'
export { readRun, runningProjects } from './state/run-file.js'
export type { InterfaceUse, ProcessIdentity, RunRecord, ServicePhase, ServiceState } from './state/record.js'
