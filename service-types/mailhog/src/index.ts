/** A mail catcher: SMTP in, a page and MailHog's HTTP API out. */
export { mailCatcher } from './mail-catcher.js'
export type { MailCatcher, MailCatcherOptions } from './mail-catcher.js'
export type { Mail, MailAttachment, MailContent, MailSummary, ReceivedMail } from './mail.js'
export type { MailboxEvent } from './mailbox.js'
