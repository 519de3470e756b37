// What is ordered: the catalog item with its variables, who may order it, and the checks of its form.
import {
    CatalogClientScript,
    CatalogItem,
    CheckboxVariable,
    DateTimeVariable,
    LookupSelectBoxVariable,
    MultiLineTextVariable,
    Record,
    SingleLineTextVariable,
    WideSingleLineTextVariable,
} from '@servicenow/sdk/core'
import { automation } from './people.now'
import { fileTransfer } from './transfer.now'

export const mayOrder = Record({
    $id: Now.ID['criteria-requesters'],
    table: 'user_criteria',
    data: {
        name: 'File transfer requesters',
        active: true,
        advanced: false,
        match_all: false,
        group: ['6a589c1fba6e49a99162c936f9eddf36'],
    },
})

export const item = CatalogItem({
    $id: Now.ID['item-file-transfer'],
    name: 'File transfer',
    shortDescription: 'Send files from S3 to a partner',
    description:
        'Sends objects from S3 to a partner, once they are approved. You get a ticket that says what was sent, and how it was verified.',
    active: true,
    state: 'published',
    catalogs: ['e0d08b13c3330100c8b837659bba8fb4'],
    availableFor: [mayOrder],
    availability: 'both',
    requestMethod: 'request',
    hideAddToCart: true,
    hideQuantitySelector: true,
    hideAttachment: true,
    hideDeliveryTime: true,
    fulfillmentGroup: automation,
    fulfillmentAutomationLevel: 'fullyAutomated',
    flow: fileTransfer,
    variables: {
        source: MultiLineTextVariable({
            question: 'S3 objects, one a line',
            mandatory: true,
            order: 100,
            exampleText: 's3://bucket/key',
        }),
        destination: LookupSelectBoxVariable({
            question: 'Destination',
            mandatory: true,
            order: 200,
            includeNone: true,
            lookupFromTable: 'x_fferry_destination',
            lookupValueField: 'name',
            lookupLabelFields: ['name', 'description'],
            referenceQual: 'active=true^ORDERBYname',
        }),
        path: WideSingleLineTextVariable({
            question: 'Path at the destination',
            order: 300,
            exampleText: 'inbox/',
        }),
        not_before: DateTimeVariable({ question: 'Not before', order: 400 }),
        finish_by: DateTimeVariable({ question: 'Finish by', order: 500 }),
        dry_run: CheckboxVariable({
            question: 'Dry run: check everything, send nothing',
            order: 600,
            selectionRequired: false,
        }),
        all_or_nothing: CheckboxVariable({
            question: 'All or nothing: publish no file before every file is verified',
            order: 700,
            selectionRequired: false,
        }),
        version: SingleLineTextVariable({
            question: 'Version id of the one object',
            order: 800,
        }),
        sha256: SingleLineTextVariable({
            question: 'SHA-256 of the one object',
            order: 900,
        }),
    },
})

CatalogClientScript({
    $id: Now.ID['form-source'],
    name: 'FileFerry: look at the S3 URIs',
    active: true,
    type: 'onChange',
    catalogItem: item,
    global: false,
    appliesTo: 'item',
    uiType: 'all',
    isolateScript: true,
    variableName: item.variables.source,
    appliesOnCatalogItemView: true,
    appliesOnRequestedItems: false,
    appliesOnCatalogTasks: false,
    script: Now.include('../scripts/form.client.js'),
})

CatalogClientScript({
    $id: Now.ID['form-submit'],
    name: 'FileFerry: look at the whole order',
    active: true,
    type: 'onSubmit',
    catalogItem: item,
    global: false,
    appliesTo: 'item',
    uiType: 'all',
    isolateScript: true,
    appliesOnCatalogItemView: true,
    appliesOnRequestedItems: false,
    appliesOnCatalogTasks: false,
    script: Now.include('../scripts/form.client.js'),
})
