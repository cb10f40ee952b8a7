/** What a service imports. The interfaces and their conformance suites have doors of their own: `@microts/core/store`. */
export { MicroError, type Code, type ErrorDetails, type StandardSchemaV1 } from './base/index.js'
export { definePlugin, type PluginEntry } from './plugin/index.js'
export { type CallOptions, type Interceptor } from './rpc/index.js'
export {
  createClient,
  createService,
  endpoint,
  jsonLogger,
  openRegistry,
  topic,
  type ClientOf,
  type ClientOptions,
  type DocumentBroker,
  type DocumentStore,
  type EndpointDefinition,
  type HandlerContext,
  type Logger,
  type RunningService,
  type Service,
  type ServiceContext,
  type ServiceOptions,
  type StandaloneClient,
  type StartOptions,
  type StopOptions,
  type TopicDefinition,
} from './service/index.js'
