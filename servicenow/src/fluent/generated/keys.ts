import '@servicenow/sdk/global'

declare global {
    namespace Now {
        namespace Internal {
            interface Keys extends KeysRegistry {
                explicit: {
                    bom_json: {
                        table: 'sys_module'
                        id: 'a4108f7d9b72425f960fdf958dfb6a2e'
                    }
                    'criteria-requesters': {
                        table: 'user_criteria'
                        id: '8d1c597f7b734f519998fd7a16794e77'
                    }
                    'flow-file-transfer': {
                        table: 'sys_hub_flow'
                        id: 'f4307e41eba54e1584c1b42843dbb086'
                    }
                    'flow-file-transfer-approval': {
                        table: 'sys_hub_action_instance_v2'
                        id: 'b7b4f4daaf8141da84bd938614a007fc'
                    }
                    'flow-file-transfer-approved': {
                        table: 'sys_hub_flow_logic_instance_v2'
                        id: '21af9be9355e4287a2d83e90f4c928f3'
                    }
                    'flow-file-transfer-close': {
                        table: 'sys_hub_action_instance_v2'
                        id: 'd0fd38da2ff94d12aff1ecdeec15443d'
                    }
                    'flow-file-transfer-close-incomplete': {
                        table: 'sys_hub_action_instance_v2'
                        id: '45c6e6cac7e04ad0861491464dfc977c'
                    }
                    'flow-file-transfer-close-refused': {
                        table: 'sys_hub_action_instance_v2'
                        id: 'e50b1e35f6924fc48c64b94d4d048ffb'
                    }
                    'flow-file-transfer-complete': {
                        table: 'sys_hub_flow_logic_instance_v2'
                        id: '19bb57bcd45f46499924cd2c684f2b2f'
                    }
                    'flow-file-transfer-delivered': {
                        table: 'sys_hub_action_instance_v2'
                        id: '6ea549762f664e0aba7cb43142169251'
                    }
                    'flow-file-transfer-incomplete': {
                        table: 'sys_hub_flow_logic_instance_v2'
                        id: '187a58708dc843bd8c4968a706124a11'
                    }
                    'flow-file-transfer-refused': {
                        table: 'sys_hub_flow_logic_instance_v2'
                        id: '90da9e0200f348f8bcf7552a4c7b1e14'
                    }
                    'flow-file-transfer-task': {
                        table: 'sys_hub_action_instance_v2'
                        id: '027484803208423e9d6ae8580515bd41'
                    }
                    'flow-file-transfer-trigger': {
                        table: 'sys_hub_trigger_instance_v2'
                        id: '4c4e00cd2c524a14a476cb1aa0a6fd94'
                    }
                    'flow-standing': {
                        table: 'sys_hub_flow'
                        id: 'eed86fe492644baf8a47c1aac5f06245'
                    }
                    'flow-standing-approval': {
                        table: 'sys_hub_action_instance_v2'
                        id: 'f3f81379d0174f49a4709c7fd80e1cb0'
                    }
                    'flow-standing-trigger': {
                        table: 'sys_hub_trigger_instance_v2'
                        id: '4a5bafc0f5d24ca9a2d77a340bf73966'
                    }
                    'form-source': {
                        table: 'catalog_script_client'
                        id: '99f4a305ac284b82a81b012d43391c4f'
                    }
                    'form-submit': {
                        table: 'catalog_script_client'
                        id: '69116d6877974fd39efd88774c1e80c1'
                    }
                    'grant-approver': {
                        table: 'sys_group_has_role'
                        id: 'b265b14ffede4fda89ed1ba2ee94bf76'
                    }
                    'grant-integration': {
                        table: 'sys_group_has_role'
                        id: '943f2a4fcdea45669c869587acb22b53'
                    }
                    'grant-operator': {
                        table: 'sys_group_has_role'
                        id: '1f800e7317ba493493945fcd8a542155'
                    }
                    'grant-requester': {
                        table: 'sys_group_has_role'
                        id: '6e71af4a66aa4610bb3f60f5d0f621ab'
                    }
                    'group-approvers': {
                        table: 'sys_user_group'
                        id: '26a3c16b8bef4b2c8f64921914c0bef6'
                    }
                    'group-automation': {
                        table: 'sys_user_group'
                        id: 'c85e29d91ed142229cd818187f75d7cf'
                    }
                    'group-operators': {
                        table: 'sys_user_group'
                        id: '3435898bd57f44dcac19e10f83343e54'
                    }
                    'group-requesters': {
                        table: 'sys_user_group'
                        id: '6a589c1fba6e49a99162c936f9eddf36'
                    }
                    'item-file-transfer': {
                        table: 'sc_cat_item'
                        id: 'bb81cea0816343b69af2b8e15b93f22f'
                    }
                    'job-silence': {
                        table: 'sysauto_script'
                        id: 'c29a2394f08340918ff74ed90960f322'
                    }
                    'member-fileferry': {
                        table: 'sys_user_grmember'
                        id: '7f802afabf694201bc79c6eb6f710509'
                    }
                    package_json: {
                        table: 'sys_module'
                        id: 'ae95f2cd97de4007b31178506666ad9d'
                    }
                    'property-operators': {
                        table: 'sys_properties'
                        id: '9a52bc43d17c461586ff5af26f0fc367'
                    }
                    'rule-own': {
                        table: 'sys_script'
                        id: '4efffc1ac0f64b9cbaa0bec3f8fd75e5'
                    }
                    'rule-terms': {
                        table: 'sys_script'
                        id: '64ca0349d7504b11903ab626ad0662a0'
                    }
                    'user-fileferry': {
                        table: 'sys_user'
                        id: '9853a7b9d9cf468082fa22748209ada8'
                    }
                }
                composite: [
                    {
                        table: 'item_option_new'
                        id: '053b7c8a27bb4308a56f03ff9012a95f'
                        key: {
                            cat_item: 'bb81cea0816343b69af2b8e15b93f22f'
                            variable_set: 'NULL'
                            name: 'dry_run'
                        }
                    },
                    {
                        table: 'ua_table_licensing_config'
                        id: '05caef03abb54ad18750ef544229584a'
                        key: {
                            name: 'x_fferry_destination'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '0625e57993cb469a8761b6667ae446fd'
                        key: {
                            name: 'x_fferry_standing_approval'
                            element: 'NULL'
                        }
                    },
                    {
                        table: 'ua_table_licensing_config'
                        id: '10f850d3e2e046c6a4b2246ee88043ab'
                        key: {
                            name: 'x_fferry_heartbeat'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: '12f3ed7a40494c179c975f1a06ef1e86'
                        key: {
                            cat_item: 'bb81cea0816343b69af2b8e15b93f22f'
                            variable_set: 'NULL'
                            name: 'not_before'
                        }
                    },
                    {
                        table: 'sys_choice'
                        id: '131b481e68fb40889c1381c07c1e6cb7'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'health'
                            value: 'stopping'
                            language: 'en'
                            dependent_value: 'NULL'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: '1d79b5dbb8944ccdb80927e1d852a8c9'
                        key: {
                            cat_item: 'bb81cea0816343b69af2b8e15b93f22f'
                            variable_set: 'NULL'
                            name: 'all_or_nothing'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '22bd06d252c3493c817bec6362bbf595'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'version'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_user_role'
                        id: '254263b594064a9a8c7b6487e48949f9'
                        key: {
                            name: 'x_fferry.integration'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '2755a4f22f3d4889a6cd0c03abc09b67'
                        key: {
                            name: 'x_fferry_standing_approval'
                            element: 'NULL'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '27f3e1799c20400c842708b94256deba'
                        key: {
                            name: 'x_fferry_destination'
                            element: 'name'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '2951a40d9c6f485f972aaf6132fbc8d2'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'code'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '2d11bcc0168a411c87a5fd474cb852bb'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'since'
                        }
                    },
                    {
                        table: 'sys_choice'
                        id: '34a78f8548774c699409bbcde5132bf4'
                        deleted: true
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'health'
                            value: 'down'
                            language: 'en'
                            dependent_value: 'NULL'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '37394a9c075241b594163a0b4e3d8b5e'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'code'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '3742e6cac5a341aca87900b86179b92f'
                        key: {
                            name: 'x_fferry_destination'
                            element: 'description'
                        }
                    },
                    {
                        table: 'sys_db_object'
                        id: '382d9bddbd084805a9a16e7cdb7f1d1c'
                        key: {
                            name: 'x_fferry_standing_approval'
                        }
                    },
                    {
                        table: 'sys_number'
                        id: '3c25c7b007ea4b9aba05f00d65aa9f59'
                        key: {
                            category: 'x_fferry_standing_approval'
                            prefix: 'FFSA'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '437a4f7fd2ee4174b12041f22c707968'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'sentence'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_choice'
                        id: '464800df90c7487b83490f1e8e3339b4'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'health'
                            value: 'starting'
                            language: 'en'
                            dependent_value: 'NULL'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '472822e8e79047a2a1e8c6066bcc665d'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'instance'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '472851ef6a234d11bf5c91be0031b0a1'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'running'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_choice'
                        id: '4b5aa1ca7ebc4fdfa85cfbeaeff51ae8'
                        deleted: true
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'health'
                            value: 'degraded'
                            language: 'en'
                            dependent_value: 'NULL'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: '4ec5c7db7d3b45ca880bfcb2aba8785d'
                        key: {
                            cat_item: 'bb81cea0816343b69af2b8e15b93f22f'
                            variable_set: 'NULL'
                            name: 'sha256'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '569fe2202d744c5fa3410ea5612309ab'
                        key: {
                            name: 'x_fferry_destination'
                            element: 'active'
                            language: 'en'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: '631d951ef50d4b0d9fdf6aa9f77d1092'
                        key: {
                            cat_item: 'bb81cea0816343b69af2b8e15b93f22f'
                            variable_set: 'NULL'
                            name: 'destination'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '64993c2bb2c74bbf8706cf699d1e207a'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'instance'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '66a84fac3eac4b14a4c1b0c525b4da3a'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'waiting'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '680ec3f5023a4d1eb1cf21b423506a45'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'silent_after'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_choice'
                        id: '7a27e864275244249fc0df6ce25b4f27'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'health'
                            value: 'stopped'
                            language: 'en'
                            dependent_value: 'NULL'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '7b4548404ddd486fbcabfdbcee73a388'
                        key: {
                            name: 'x_fferry_destination'
                            element: 'instance'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '81b9de386dfe4d3bb83533d5086f21e5'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'waiting'
                        }
                    },
                    {
                        table: 'sys_index'
                        id: '81f015556cf84c55847bf42f40e658e1'
                        deleted: true
                        key: {
                            logical_table_name: 'x_fferry_heartbeat'
                            col_name_string: 'instance'
                        }
                    },
                    {
                        table: 'ua_table_licensing_config'
                        id: '84e7dfe00f1d4a5ebadab890f00c391c'
                        key: {
                            name: 'x_fferry_standing_approval'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '89fd4530fdf54e05bf2ff67ad85187b1'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'silent'
                            language: 'en'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: '8a41ea4ea8e844e2acb007718d1390e5'
                        key: {
                            cat_item: 'bb81cea0816343b69af2b8e15b93f22f'
                            variable_set: 'NULL'
                            name: 'path'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '8b920d1d650d4fddb4dc9699a1c1b3a8'
                        key: {
                            name: 'x_fferry_standing_approval'
                            element: 'u_path'
                            language: 'en'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: '8c7a61b7ccf04f46847cecad0f72b3e5'
                        key: {
                            cat_item: 'bb81cea0816343b69af2b8e15b93f22f'
                            variable_set: 'NULL'
                            name: 'finish_by'
                        }
                    },
                    {
                        table: 'sys_choice'
                        id: '8e4769a286f84bcc994d8db336376e27'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'health'
                            value: 'troubled'
                            language: 'en'
                            dependent_value: 'NULL'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '94dab89ac2774916a25084893e7a893c'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'version'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '9acd00ea69a8450dbb57b48ba6a6358b'
                        key: {
                            name: 'x_fferry_destination'
                            element: 'NULL'
                        }
                    },
                    {
                        table: 'sys_choice_set'
                        id: 'a106eaff81204b6a81962a7bf66c226f'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'health'
                        }
                    },
                    {
                        table: 'sys_choice'
                        id: 'a48e5423c2ec42da9ee8ed3e74e1a047'
                        deleted: true
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'health'
                            value: 'ok'
                            language: 'en'
                            dependent_value: 'NULL'
                        }
                    },
                    {
                        table: 'sys_user_role'
                        id: 'a6998a897ab242aca815b90ca79dfdb1'
                        key: {
                            name: 'x_fferry.requester'
                        }
                    },
                    {
                        table: 'sys_choice'
                        id: 'a73f3dff19a947ebaa0d4910607bcac7'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'health'
                            value: 'well'
                            language: 'en'
                            dependent_value: 'NULL'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: 'a8a6f7d4d66645039a4e2057c891a186'
                        key: {
                            name: 'x_fferry_standing_approval'
                            element: 'u_destination'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: 'aa6c21a59083427dac2629f6502c5bdf'
                        key: {
                            name: 'x_fferry_destination'
                            element: 'active'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: 'b1d42a10cb56414cbaa8aa8fef5b4612'
                        key: {
                            cat_item: 'bb81cea0816343b69af2b8e15b93f22f'
                            variable_set: 'NULL'
                            name: 'version'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: 'b6e40d93cac3429baf829eca9006322c'
                        key: {
                            name: 'x_fferry_destination'
                            element: 'name'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: 'b829e81455294520806f196467c0515e'
                        key: {
                            name: 'x_fferry_standing_approval'
                            element: 'u_until'
                        }
                    },
                    {
                        table: 'sys_db_object'
                        id: 'c5d7b8465d0747aabe804dd1ecd8a5f7'
                        key: {
                            name: 'x_fferry_destination'
                        }
                    },
                    {
                        table: 'sc_cat_item_user_criteria_mtom'
                        id: 'c8d3fdf0d26647aaac2786df495b6810'
                        key: {
                            sc_cat_item: 'bb81cea0816343b69af2b8e15b93f22f'
                            user_criteria: '8d1c597f7b734f519998fd7a16794e77'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: 'c9447ddf20a14a4c86723dd0fec12a76'
                        key: {
                            name: 'x_fferry_standing_approval'
                            element: 'u_until'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: 'cda3593b7fc2462789237fbc4f2cacd8'
                        key: {
                            name: 'x_fferry_standing_approval'
                            element: 'u_destination'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: 'ce208c50cd7e4e7a905c5222c5864d32'
                        key: {
                            name: 'x_fferry_standing_approval'
                            element: 'u_prefix'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: 'ceae66cb2e924bd8b2a4ab22b4b6f4a3'
                        key: {
                            name: 'x_fferry_destination'
                            element: 'NULL'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sc_cat_item_catalog'
                        id: 'd2716aaef7134636a39e1a2d1a6c7f44'
                        key: {
                            sc_cat_item: 'bb81cea0816343b69af2b8e15b93f22f'
                            sc_catalog: 'e0d08b13c3330100c8b837659bba8fb4'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: 'd2a7757f85974150b348f28c9f0da9e2'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'incident'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: 'd2de95e667e74e0cb709887ed534d869'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'since'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: 'd629e4ffc2f24bd3b4f57cf233366ffc'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'NULL'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: 'd80d146b97454583ad52f7cf075b55eb'
                        key: {
                            name: 'x_fferry_destination'
                            element: 'description'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: 'db45e8ce97eb4bd4946044a442be6cbf'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'running'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: 'db69d21cf61944d887186b204ff11986'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'health'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: 'de2cb6813be248ab964f4c8918f9da71'
                        key: {
                            name: 'x_fferry_standing_approval'
                            element: 'u_path'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: 'de6596a1394b4381af366ccf8e34426a'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'seen'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: 'dff2b9ba4daa4089b30832f970b41bb4'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'seen'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: 'e1b91fc5a3074c229f9531020ce49f37'
                        key: {
                            name: 'x_fferry_destination'
                            element: 'instance'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: 'e444f2a8a8b84cbe8fc7150d76dfaf41'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'silent'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: 'e6fca3a43e994035990dfe111624dd2f'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'health'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: 'e8f1924cdffb415c8dfdd34195c95f01'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'incident'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: 'ea5e2f99276549da81c320d7361aa7ca'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'sentence'
                        }
                    },
                    {
                        table: 'sys_db_object'
                        id: 'eea4baafcc664a7395c0998e05574e21'
                        key: {
                            name: 'x_fferry_heartbeat'
                        }
                    },
                    {
                        table: 'sys_user_role'
                        id: 'f40f57d104aa4744a9a12836124c8ce0'
                        key: {
                            name: 'x_fferry.approver'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: 'f50f20a5dfef4e42a8f7704d0894075e'
                        key: {
                            cat_item: 'bb81cea0816343b69af2b8e15b93f22f'
                            variable_set: 'NULL'
                            name: 'source'
                        }
                    },
                    {
                        table: 'sys_index'
                        id: 'f6962d8448984d98b692e7fb4c34d7c0'
                        deleted: true
                        key: {
                            logical_table_name: 'x_fferry_destination'
                            col_name_string: 'name'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: 'f6d6ba50ec30495ea7d232a34e4ed36c'
                        key: {
                            name: 'x_fferry_standing_approval'
                            element: 'u_prefix'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: 'f985259741e04c3aa73b5a2863750df5'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'NULL'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: 'f9d87d7c7fb44ae5a3d04b8baaa498b4'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'silent_after'
                        }
                    },
                    {
                        table: 'sys_user_role'
                        id: 'ff74f82cebe44403970b1f804c59cded'
                        key: {
                            name: 'x_fferry.operator'
                        }
                    },
                ]
            }
        }
    }
}
