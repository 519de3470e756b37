BEGIN TRANSACTION;
CREATE TABLE deliveries (
    transfer_id  TEXT NOT NULL REFERENCES transfers (id),
    number       INTEGER NOT NULL,
    document     TEXT NOT NULL,
    seal         TEXT NOT NULL,
    PRIMARY KEY (transfer_id, number)
) STRICT, WITHOUT ROWID;
INSERT INTO "deliveries" VALUES('i:sc_task:00000000000000000000000000000001',1,'{"number":1,"source":{"bucket":"exports","key":"März 1.csv","version_id":null},"final":"/inbox/1","ordered":"","state":"published","pin":null,"temp":null,"candidates":[],"older":[],"moved":7,"started_at":"2026-11-23T12:00:00Z","rechecked_at":null,"digests":null,"tier":"","server":"","receipt":null,"failure":null}','9b28aaa52b7fcc71');
INSERT INTO "deliveries" VALUES('i:sc_task:00000000000000000000000000000002',1,'{"number":1,"source":{"bucket":"exports","key":"März 1.csv","version_id":null},"final":"/inbox/2","ordered":"","state":"published","pin":null,"temp":null,"candidates":[],"older":[],"moved":7,"started_at":"2026-11-23T12:00:00Z","rechecked_at":null,"digests":null,"tier":"","server":"","receipt":null,"failure":null}','4431c038747e9fda');
INSERT INTO "deliveries" VALUES('i:sc_task:00000000000000000000000000000004',1,'{"number":1,"source":{"bucket":"exports","key":"März 1.csv","version_id":null},"final":"/inbox/4","ordered":"","state":"uploading","pin":null,"temp":"/inbox/.ff-x-1-e1.part","candidates":[],"older":[],"moved":0,"started_at":"2026-11-23T12:00:00Z","rechecked_at":null,"digests":null,"tier":"","server":"","receipt":null,"failure":null}','927b43917c6063a7');
INSERT INTO "deliveries" VALUES('i:sc_task:00000000000000000000000000000005',1,'{"number":1,"source":{"bucket":"exports","key":"März 1.csv","version_id":null},"final":"/inbox/5","ordered":"","state":"pinned","pin":null,"temp":null,"candidates":[],"older":[],"moved":0,"started_at":null,"rechecked_at":null,"digests":null,"tier":"","server":"","receipt":null,"failure":null}','c5389136f363c2fa');
INSERT INTO "deliveries" VALUES('i:sc_task:00000000000000000000000000000007',1,'{"number":1,"source":{"bucket":"exports","key":"März 1.csv","version_id":null},"final":"/inbox/7","ordered":"","state":"uploading","pin":null,"temp":null,"candidates":[],"older":[],"moved":0,"started_at":"2026-11-23T12:00:00Z","rechecked_at":null,"digests":null,"tier":"","server":"","receipt":null,"failure":null}','68d00c9da33fcf21');
CREATE TABLE locks (
    name         TEXT PRIMARY KEY,
    transfer_id  TEXT NOT NULL REFERENCES transfers (id),
    seal         TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "locks" VALUES('partner:/inbox/4','i:sc_task:00000000000000000000000000000004','7ff3ab0afeb2f8cb');
INSERT INTO "locks" VALUES('partner:/inbox/5','i:sc_task:00000000000000000000000000000005','bbe4804b39c95599');
CREATE TABLE posts (
    sequence     INTEGER PRIMARY KEY AUTOINCREMENT,
    key          TEXT NOT NULL UNIQUE,
    transfer_id  TEXT NOT NULL,
    lane         TEXT NOT NULL,
    document     TEXT NOT NULL,
    tries        INTEGER NOT NULL,
    due_at       REAL NOT NULL DEFAULT 0,
    held         TEXT,
    sent         INTEGER NOT NULL,
    last_error   TEXT,
    seal         TEXT NOT NULL
) STRICT;
INSERT INTO "posts" VALUES(1,'1','i:sc_task:00000000000000000000000000000001','i:sc_task:00000000000000000000000000000001#1:user','{"key":"1","transfer_id":"i:sc_task:00000000000000000000000000000001","generation":1,"ticket":"user","action":"note","text":"Grüße\n","title":"","comment":"","outcome":null,"number":"","requester_id":"","task_id":"","droppable":false}',1,1998.288459041,'65fa922b8b04487e91ea90938e2240de',1,NULL,'422b22f6d375f222');
INSERT INTO "posts" VALUES(2,'2','i:sc_task:00000000000000000000000000000002','i:sc_task:00000000000000000000000000000002#1:user','{"key":"2","transfer_id":"i:sc_task:00000000000000000000000000000002","generation":1,"ticket":"user","action":"note","text":"Grüße\n","title":"","comment":"","outcome":null,"number":"","requester_id":"","task_id":"","droppable":false}',1,1998.288509266,'65fa922b8b04487e91ea90938e2240de',0,NULL,'c19bcbcd1c4917d9');
INSERT INTO "posts" VALUES(3,'3','i:sc_task:00000000000000000000000000000003','i:sc_task:00000000000000000000000000000003#1:user','{"key":"3","transfer_id":"i:sc_task:00000000000000000000000000000003","generation":1,"ticket":"user","action":"note","text":"Grüße\n","title":"","comment":"","outcome":null,"number":"","requester_id":"","task_id":"","droppable":false}',1,1998.288528955,'65fa922b8b04487e91ea90938e2240de',0,NULL,'f580bb42cebf9e15');
INSERT INTO "posts" VALUES(4,'4','i:sc_task:00000000000000000000000000000004','i:sc_task:00000000000000000000000000000004#1:user','{"key":"4","transfer_id":"i:sc_task:00000000000000000000000000000004","generation":1,"ticket":"user","action":"note","text":"Grüße\n","title":"","comment":"","outcome":null,"number":"","requester_id":"","task_id":"","droppable":false}',1,1998.288544358,'65fa922b8b04487e91ea90938e2240de',0,NULL,'5161366b5a386f36');
INSERT INTO "posts" VALUES(5,'5','i:sc_task:00000000000000000000000000000005','i:sc_task:00000000000000000000000000000005#1:user','{"key":"5","transfer_id":"i:sc_task:00000000000000000000000000000005","generation":1,"ticket":"user","action":"note","text":"Grüße\n","title":"","comment":"","outcome":null,"number":"","requester_id":"","task_id":"","droppable":false}',1,1998.28855904,'65fa922b8b04487e91ea90938e2240de',0,NULL,'32b9ba93ee400b9c');
INSERT INTO "posts" VALUES(6,'6','i:sc_task:00000000000000000000000000000006','i:sc_task:00000000000000000000000000000006#1:user','{"key":"6","transfer_id":"i:sc_task:00000000000000000000000000000006","generation":1,"ticket":"user","action":"note","text":"Grüße\n","title":"","comment":"","outcome":null,"number":"","requester_id":"","task_id":"","droppable":false}',1,1998.288580872,'65fa922b8b04487e91ea90938e2240de',0,NULL,'9546b4fb5faef508');
INSERT INTO "posts" VALUES(7,'7','i:sc_task:00000000000000000000000000000007','i:sc_task:00000000000000000000000000000007#1:user','{"key":"7","transfer_id":"i:sc_task:00000000000000000000000000000007","generation":1,"ticket":"user","action":"note","text":"Grüße\n","title":"","comment":"","outcome":null,"number":"","requester_id":"","task_id":"","droppable":false}',1,1998.288594443,'65fa922b8b04487e91ea90938e2240de',0,NULL,'38184e43b297beff');
CREATE TABLE tickets (
    transfer_id  TEXT NOT NULL,
    role         TEXT NOT NULL,
    document     TEXT NOT NULL,
    seal         TEXT NOT NULL,
    PRIMARY KEY (transfer_id, role)
) STRICT, WITHOUT ROWID;
INSERT INTO "tickets" VALUES('i:sc_task:00000000000000000000000000000001','user','{"role":"user","sys_id":"55555555555555555555555555555555","number":"INC0010001","url":"https://x","state":"2"}','dc13189463f2fa92');
CREATE TABLE transfers (
    id           TEXT PRIMARY KEY,
    number       TEXT NOT NULL,
    task_number  TEXT NOT NULL,
    epoch        INTEGER NOT NULL,
    claims       INTEGER NOT NULL,
    owner        TEXT,
    lease_until  REAL NOT NULL DEFAULT 0,
    at_rest      INTEGER NOT NULL,
    quarantined  INTEGER NOT NULL,
    closed_at    TEXT,
    document     TEXT NOT NULL,
    received_at  TEXT NOT NULL,
    updated_at   TEXT NOT NULL,
    seal         TEXT NOT NULL
) STRICT;
INSERT INTO "transfers" VALUES('i:sc_task:00000000000000000000000000000001','RITM1','SCTASK1',1,1,'old',1998.275073339,1,0,'2026-11-23T12:00:00.000000+00:00','{"request":{"id":"i:sc_task:00000000000000000000000000000001","number":"RITM1","requester":"anna.berg","destination":"partner","sources":["s3://exports/payroll/nov.csv"],"target":"pay/nov.csv","fingerprint":"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff","requester_id":"","request_number":"","item_id":"00000000000000000000000000000001","task_id":"00000000000000000000000000000001","task_number":"SCTASK1","approvers":[],"approved_at":null,"options":{},"standing":"","version_id":"","catalog_item":""},"generation":1,"expanded":false,"epoch":1,"claims":1,"stage":"closed","session":null,"outcome":"delivered","failure":null,"loose_ends":[],"received_at":"2026-11-23T12:01:00Z","closed_at":"2026-11-23T12:00:00Z","quarantined_at":null}','2026-11-29T12:22:33.935583+00:00','2026-11-29T12:22:33.938333+00:00','bda065ae1ec8f5a8');
INSERT INTO "transfers" VALUES('i:sc_task:00000000000000000000000000000002','RITM1','SCTASK2',1,1,'old',1998.277380037,1,0,'2026-11-23T12:00:00.000000+00:00','{"request":{"id":"i:sc_task:00000000000000000000000000000002","number":"RITM1","requester":"anna.berg","destination":"partner","sources":["s3://exports/payroll/nov.csv"],"target":"pay/nov.csv","fingerprint":"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff","requester_id":"","request_number":"","item_id":"00000000000000000000000000000001","task_id":"00000000000000000000000000000002","task_number":"SCTASK2","approvers":[],"approved_at":null,"options":{},"standing":"","version_id":"","catalog_item":""},"generation":1,"expanded":false,"epoch":1,"claims":1,"stage":"closed","session":null,"outcome":"delivered","failure":null,"loose_ends":[],"received_at":"2026-11-23T12:02:00Z","closed_at":"2026-11-23T12:00:00Z","quarantined_at":null}','2026-11-29T12:22:33.938693+00:00','2026-11-29T12:22:33.940243+00:00','33501ff7a1f38670');
INSERT INTO "transfers" VALUES('i:sc_task:00000000000000000000000000000003','RITM2','SCTASK3',1,1,'old',1998.279294362,1,0,'2026-11-23T12:00:00.000000+00:00','{"request":{"id":"i:sc_task:00000000000000000000000000000003","number":"RITM2","requester":"anna.berg","destination":"partner","sources":["s3://exports/payroll/nov.csv"],"target":"pay/nov.csv","fingerprint":"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff","requester_id":"","request_number":"","item_id":"00000000000000000000000000000002","task_id":"00000000000000000000000000000003","task_number":"SCTASK3","approvers":[],"approved_at":null,"options":{},"standing":"","version_id":"","catalog_item":""},"generation":1,"expanded":false,"epoch":1,"claims":1,"stage":"closed","session":null,"outcome":"refused","failure":{"code":"approval.stale","message":"path of RITM2 was changed after the approval.","action":"Order the transfer again, so that what is sent is what was approved.","file":null,"permanent":true},"loose_ends":[],"received_at":"2026-11-23T12:03:00Z","closed_at":"2026-11-23T12:00:00Z","quarantined_at":null}','2026-11-29T12:22:33.940602+00:00','2026-11-29T12:22:33.941919+00:00','3ad2a104cfc72e0e');
INSERT INTO "transfers" VALUES('i:sc_task:00000000000000000000000000000004','RITM3','SCTASK4',1,1,'old',1998.281075649,0,0,NULL,'{"request":{"id":"i:sc_task:00000000000000000000000000000004","number":"RITM3","requester":"anna.berg","destination":"partner","sources":["s3://exports/payroll/nov.csv"],"target":"pay/nov.csv","fingerprint":"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff","requester_id":"","request_number":"","item_id":"00000000000000000000000000000003","task_id":"00000000000000000000000000000004","task_number":"SCTASK4","approvers":[],"approved_at":null,"options":{},"standing":"","version_id":"","catalog_item":""},"generation":1,"expanded":false,"epoch":1,"claims":1,"stage":"pinned","session":null,"outcome":null,"failure":null,"loose_ends":[],"received_at":"2026-11-23T12:04:00Z","closed_at":null,"quarantined_at":null}','2026-11-29T12:22:33.942387+00:00','2026-11-29T12:22:33.943953+00:00','07bcc08558e39d60');
INSERT INTO "transfers" VALUES('i:sc_task:00000000000000000000000000000005','RITM3','SCTASK5',1,1,'old',1998.282968652,0,0,NULL,'{"request":{"id":"i:sc_task:00000000000000000000000000000005","number":"RITM3","requester":"anna.berg","destination":"partner","sources":["s3://exports/payroll/nov.csv"],"target":"pay/nov.csv","fingerprint":"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff","requester_id":"","request_number":"","item_id":"00000000000000000000000000000003","task_id":"00000000000000000000000000000005","task_number":"SCTASK5","approvers":[],"approved_at":null,"options":{},"standing":"","version_id":"","catalog_item":""},"generation":1,"expanded":false,"epoch":1,"claims":1,"stage":"pinned","session":null,"outcome":null,"failure":null,"loose_ends":[],"received_at":"2026-11-23T12:05:00Z","closed_at":null,"quarantined_at":null}','2026-11-29T12:22:33.944279+00:00','2026-11-29T12:22:33.945815+00:00','4edda35ed2514089');
INSERT INTO "transfers" VALUES('i:sc_task:00000000000000000000000000000006','RITM4','SCTASK6',1,1,'old',1998.284759664,1,1,NULL,'{"request":{"id":"i:sc_task:00000000000000000000000000000006","number":"RITM4","requester":"anna.berg","destination":"partner","sources":["s3://exports/payroll/nov.csv"],"target":"pay/nov.csv","fingerprint":"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff","requester_id":"","request_number":"","item_id":"00000000000000000000000000000004","task_id":"00000000000000000000000000000006","task_number":"SCTASK6","approvers":[],"approved_at":null,"options":{},"standing":"","version_id":"","catalog_item":""},"generation":1,"expanded":false,"epoch":1,"claims":1,"stage":"received","session":null,"outcome":null,"failure":null,"loose_ends":[],"received_at":"2026-11-23T12:06:00Z","closed_at":null,"quarantined_at":"2026-11-23T12:00:00Z"}','2026-11-29T12:22:33.946103+00:00','2026-11-29T12:22:33.947257+00:00','92592b9270c1b09c');
INSERT INTO "transfers" VALUES('i:sc_task:00000000000000000000000000000007','RITM5','SCTASK7',1,1,'old',1998.286333533,1,0,'2026-11-23T12:00:00.000000+00:00','{"request":{"id":"i:sc_task:00000000000000000000000000000007","number":"RITM5","requester":"anna.berg","destination":"partner","sources":["s3://exports/payroll/nov.csv"],"target":"pay/nov.csv","fingerprint":"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff","requester_id":"","request_number":"","item_id":"00000000000000000000000000000005","task_id":"00000000000000000000000000000007","task_number":"SCTASK7","approvers":[],"approved_at":null,"options":{},"standing":"","version_id":"","catalog_item":""},"generation":1,"expanded":false,"epoch":1,"claims":1,"stage":"closed","session":null,"outcome":"cancelled","failure":null,"loose_ends":[],"received_at":"2026-11-23T12:07:00Z","closed_at":"2026-11-23T12:00:00Z","quarantined_at":null}','2026-11-29T12:22:33.947577+00:00','2026-11-29T12:22:33.949187+00:00','409ae902e9f9912e');
INSERT INTO "transfers" VALUES('i:u_standing:r:o','STD1','',0,0,NULL,0.0,0,0,NULL,'{"request":{"id":"i:u_standing:r:o","number":"STD1","requester":"anna.berg","destination":"partner","sources":["s3://exports/payroll/nov.csv"],"target":"pay/nov.csv","fingerprint":"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff","requester_id":"","request_number":"","item_id":"r","task_id":"","task_number":"","approvers":[],"approved_at":null,"options":{},"standing":"r","version_id":"","catalog_item":""},"generation":1,"expanded":false,"epoch":0,"claims":0,"stage":"received","session":null,"outcome":null,"failure":null,"loose_ends":[],"received_at":"2026-11-23T12:00:00Z","closed_at":null,"quarantined_at":null}','2026-11-29T12:22:33.949505+00:00','2026-11-29T12:22:33.949505+00:00','098da52852288fd1');
CREATE INDEX transfers_received ON transfers (received_at);
CREATE INDEX transfers_number ON transfers (number);
CREATE INDEX transfers_task ON transfers (task_number);
CREATE INDEX transfers_open ON transfers (received_at) WHERE at_rest = 0;
CREATE INDEX transfers_quarantined ON transfers (received_at) WHERE quarantined = 1;
CREATE INDEX transfers_closed ON transfers (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX locks_transfer ON locks (transfer_id);
CREATE INDEX posts_unsent ON posts (lane, sequence) WHERE sent = 0;
CREATE INDEX posts_transfer ON posts (transfer_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('posts',7);
COMMIT;
PRAGMA application_id = 1178948178;
PRAGMA user_version = 2;
