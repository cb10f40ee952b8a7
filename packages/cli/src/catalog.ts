import { readCatalog, type Catalog } from '@microts/runner'
import type { Installation } from './installation.js'

/** What a project file can name: the service types and plugins that come with this command. */
export async function catalogOf(installation: Installation): Promise<Catalog> {
  return readCatalog(installation.manifests)
}
