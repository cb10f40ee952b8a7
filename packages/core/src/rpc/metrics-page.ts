import { bucketMs, type CallMetrics, type EndpointMetrics, outcomes } from './metrics.js'

/** What the page shows besides the calls. */
export interface MetricsPageOptions {
  readonly service: string
  readonly version: string
  readonly metrics: CallMetrics
  readonly inFlight: number
  /** Open connections, by the name of their protocol. */
  readonly connections: Readonly<Record<string, number>>
}

/** The content type of the page. */
export const metricsType = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * The numbers of a service as Prometheus reads them. The labels are the endpoints that it has and the codes that there are, so the page does not grow with its callers.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/ for the format
 */
export function metricsPage({ service, version, metrics, inFlight, connections }: MetricsPageOptions): string {
  const { endpoints } = metrics
  const memory = process.memoryUsage()
  const cpu = process.cpuUsage()
  const lines = [
    ...family('micro_build_info', 'gauge', 'The service and its version.', [
      `{service="${escaped(service)}",version="${escaped(version)}"} 1`,
    ]),
    ...family('micro_calls_total', 'counter', 'Calls that have ended, by endpoint and code.', endpoints.flatMap(countsOf)),
    ...family(
      'micro_call_duration_seconds',
      'histogram',
      'How long calls took, from their reading to their outcome.',
      endpoints.flatMap(durationsOf),
    ),
    ...family('micro_calls_in_flight', 'gauge', 'Calls in work.', [` ${inFlight}`]),
    ...family(
      'micro_connections',
      'gauge',
      'Open connections, by protocol.',
      Object.entries(connections).map(([name, count]) => `{protocol="${escaped(name)}"} ${count}`),
    ),
    ...family('process_cpu_seconds_total', 'counter', 'Processor time of the process, in seconds.', [` ${(cpu.user + cpu.system) / 1e6}`]),
    ...family('process_resident_memory_bytes', 'gauge', 'Memory of the process, in bytes.', [` ${memory.rss}`]),
    ...family('process_start_time_seconds', 'gauge', 'When the process began, in seconds since 1970.', [
      ` ${performance.timeOrigin / 1000}`,
    ]),
    ...family('nodejs_heap_size_used_bytes', 'gauge', 'Memory that JavaScript uses, in bytes.', [` ${memory.heapUsed}`]),
    ...family('nodejs_heap_size_total_bytes', 'gauge', 'Memory that JavaScript has reserved, in bytes.', [` ${memory.heapTotal}`]),
    ...family('nodejs_external_memory_bytes', 'gauge', 'Memory of buffers, outside the heap, in bytes.', [` ${memory.external}`]),
  ]
  return `${lines.join('\n')}\n`
}

function family(name: string, type: 'counter' | 'gauge' | 'histogram', help: string, samples: readonly string[]): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map((sample) => `${name}${sample}`)]
}

// An endpoint that was never called shows as 0, so that a rate has a beginning; codes that never came are left out.
function countsOf({ name, counts }: EndpointMetrics): string[] {
  return counts.flatMap((count, index) => (count === 0 && index > 0 ? [] : [`{endpoint="${name}",code="${outcomes[index]}"} ${count}`]))
}

function durationsOf({ name, buckets, totalMs }: EndpointMetrics): string[] {
  let sum = 0
  const samples = buckets.map((count, index) => {
    sum += count
    const bound = bucketMs[index]
    return `_bucket{endpoint="${name}",le="${bound === undefined ? '+Inf' : bound / 1000}"} ${sum}`
  })
  return [...samples, `_sum{endpoint="${name}"} ${totalMs / 1000}`, `_count{endpoint="${name}"} ${sum}`]
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
