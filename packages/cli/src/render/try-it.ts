import type { RunRecord } from '@microts/runner'

type ServiceState = RunRecord['services'][number]

/**
 * What a newcomer can type now: a call of the first endpoint that has a sample input, with `micro` and with curl, and the pages to look at.
 * Empty when there is nothing to call.
 */
export function tryIt(services: readonly ServiceState[]): string[] {
  const service = services.find((one) => one.kind === 'own' && Object.keys(one.samples).length > 0)
  const sample = Object.entries(service?.samples ?? {})[0]
  const pages = services.filter((one) => one.kind === 'type').flatMap((one) => one.urls.map((url) => `  ${url}  (${one.service})`))
  if (service === undefined || sample === undefined) return pages.length === 0 ? [] : ['Look at:', ...pages]
  const [endpoint, input] = sample
  const json = quote(JSON.stringify(input))
  const [url] = service.urls
  const curl = url === undefined ? [] : [`  curl -s ${url}/${endpoint} -H 'content-type: application/json' -d ${json}`]
  return [
    'Try it:',
    `  npx micro call ${service.service} ${endpoint} ${json}`,
    ...curl,
    ...(pages.length === 0 ? [] : ['and look at:', ...pages]),
  ]
}

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
