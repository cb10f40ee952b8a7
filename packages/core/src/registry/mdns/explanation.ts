import type { Link } from './link.js'

/** What is known of why a look-up found nothing. */
export interface Findings {
  readonly link: Pick<Link, 'isListening' | 'canAsk' | 'problems' | 'interfaces'>
  /** Whether multicast works on this host; undefined while that is not known. */
  readonly works: boolean | undefined
  readonly folder: string
  readonly project: string | undefined
  /** The service that was looked up last, and how many nodes of it belong to other projects. */
  readonly lastLookup: string | undefined
  readonly passedOver: number
}

/** Why a look-up may have found nothing, for people; undefined when there is nothing to say. */
export function explanation({ link, works, folder, project, lastLookup, passedOver }: Findings): string | undefined {
  const reasons: string[] = []
  const problems = link.problems()
  const details = problems.length === 0 ? '' : ` (${problems.join(', ')})`
  if (works === false) {
    if (link.interfaces().length === 0) reasons.push('no network interface is used that does multicast')
    else if (!link.isListening) reasons.push(`port 5353 or its multicast group cannot be had${details}`)
    else reasons.push(`multicast does not come back on this host, as in some containers or behind a firewall${details}`)
    const whose = project === undefined ? 'without a project' : `of project "${project}"`
    reasons.push(`so the registry folder ${folder} serves: only services ${whose}, of this user on this host, are found`)
  } else if (problems.length > 0) {
    reasons.push(`multicast does not work everywhere${details}, so services behind those interfaces are not found`)
  }
  if (passedOver > 0)
    reasons.push(
      `${passedOver} ${passedOver === 1 ? 'node' : 'nodes'} of "${lastLookup}" ${passedOver === 1 ? 'belongs' : 'belong'} to another project (this one is "${project}")`,
    )
  return reasons.length === 0 ? undefined : reasons.join('; ')
}
