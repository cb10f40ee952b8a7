import type { RunRecord } from '@microts/runner'
import type { Style, Terminal } from '../terminal.js'
import { renderTable } from './table.js'

type ServiceState = RunRecord['services'][number]

const styles: Readonly<Record<ServiceState['state'], Style>> = {
  ready: 'green',
  starting: 'yellow',
  waiting: 'yellow',
  restarting: 'yellow',
  stopping: 'yellow',
  stopped: 'dim',
  failed: 'red',
}

/** The table of what runs: service, state, driver, version, where; and which plugin a type comes from, when one is not Micro's own. */
export function renderServices(services: readonly ServiceState[], terminal: Terminal): string {
  const hasPlugins = services.some(({ plugin }) => plugin !== undefined)
  const rows = services.map((one) => [
    one.service,
    terminal.style(styles[one.state], one.state),
    `${one.type}, ${one.driver}`,
    one.version ?? '',
    ...(hasPlugins ? [[one.plugin?.key, one.plugin?.revision].filter(Boolean).join(' ')] : []),
    whereOf(one),
  ])
  return renderTable(['service', 'state', 'driver', 'version', ...(hasPlugins ? ['plugin'] : []), 'urls'], rows)
}

// A port that is no URL is shown as what others connect to.
function whereOf(service: ServiceState): string {
  const shown = service.urls.map((url) => new URL(url).port)
  const others = Object.entries(service.ports).filter(([, port]) => !shown.includes(String(port)))
  return [...service.urls, ...others.map(([name, port]) => `${name} 127.0.0.1:${port}`)].join('  ')
}
