#!/usr/bin/env bash
# ServiceNow's SDK takes a list of records where a field is a list of references, and its types demand a list there;
# what it packs is `[object Object]`. A criterion for a group is then one for nobody, and the build says it succeeded.
#
# The types (user_criteria.group: string | string[] | Record<'sys_user_group'>[]) and the SDK's guide on Record ("pass the
# exported record variable directly") allow it; a single record in a reference field is packed as its sys_id.
# Seen: @servicenow/sdk 4.9.0 on Node 20.20.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p src/fluent
cat > package.json <<'JSON'
{"name": "finding", "version": "1.0.0", "private": true, "devDependencies": {"@servicenow/sdk": "4.9.0"}}
JSON
cat > now.config.json <<'JSON'
{"scope": "x_finding", "scopeId": "0123456789abcdef0123456789abcdef", "name": "Finding"}
JSON
cat > src/fluent/criteria.now.ts <<'TS'
import { Record } from '@servicenow/sdk/core'
const staff = Record({ $id: Now.ID['staff'], table: 'sys_user_group', data: { name: 'Staff' } })
Record({ $id: Now.ID['criteria'], table: 'user_criteria', data: { name: 'Staff', active: true, group: [staff] } })
Record({ $id: Now.ID['member'], table: 'sys_user_grmember', data: { group: staff } })
TS
npm install --ignore-scripts --no-audit --no-fund --silent
said=$(node_modules/.bin/now-sdk build)
listed=$(grep -ho '<group>.*</group>' dist/app/update/user_criteria_*.xml)
single=$(grep -rho '<group>.*</group>' dist/app --include='sys_user_grmember_*.xml')
echo "@servicenow/sdk 4.9.0:"
echo "the build:               ${said##*] }"
echo "a record in a list:      $listed"
echo "a record in a reference: $single"
[[ $said == *"Build completed successfully"* && $listed == '<group>[object Object]</group>' ]]
[[ $single =~ ^'<group>'[0-9a-f]{32}'</group>'$ ]]
