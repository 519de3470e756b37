import '@servicenow/sdk/global'

declare global {
    namespace Now {
        namespace Internal {
            interface Keys extends KeysRegistry {
                explicit: {
                    'acl-destination-create': {
                        table: 'sys_security_acl'
                        id: '3aac09c19ca14884ac449174fb15c8ed'
                    }
                    'acl-destination-delete': {
                        table: 'sys_security_acl'
                        id: 'c530f89a252d4217ba3cd2ecb61ba558'
                    }
                    'acl-destination-read': {
                        table: 'sys_security_acl'
                        id: 'c6c9a5213b84430b8b37aa8a6d1a1f90'
                    }
                    'acl-destination-write': {
                        table: 'sys_security_acl'
                        id: '375de20f9c1140808c84e0be50b8745f'
                    }
                    'acl-ecc_queue-create': {
                        table: 'sys_security_acl'
                        id: '5b2434dd58e24289bda748e7726e3410'
                    }
                    'acl-ecc_queue-read': {
                        table: 'sys_security_acl'
                        id: '90f55e34284240489b3e3cabc17fc6d1'
                    }
                    'acl-ecc_queue-write': {
                        table: 'sys_security_acl'
                        id: '89cda7c1bc8542cc95637c4686ad9504'
                    }
                    'acl-heartbeat-create': {
                        table: 'sys_security_acl'
                        id: '7227840ce17943ec9b80d59fbec9290d'
                    }
                    'acl-heartbeat-delete': {
                        table: 'sys_security_acl'
                        id: '2f04e43f602343eb9611f61a7661bb94'
                    }
                    'acl-heartbeat-read': {
                        table: 'sys_security_acl'
                        id: 'ce8e6411abd74ede8749611a7519b9e2'
                    }
                    'acl-heartbeat-write': {
                        table: 'sys_security_acl'
                        id: '81b4c4da4b4c47c1af75fb0fb685616f'
                    }
                    'acl-heartbeat-write-incident': {
                        table: 'sys_security_acl'
                        id: '11f3bdf885164283a6ee44fabdd1d961'
                    }
                    'acl-heartbeat-write-silent_after': {
                        table: 'sys_security_acl'
                        id: 'b80b71fe48534b4ca3e0d2484a9c1126'
                    }
                    'acl-heartbeat-write-silent_since': {
                        table: 'sys_security_acl'
                        id: 'e18b9a00afcd4cb8aafbdb63a7b6ce91'
                    }
                    'acl-incident-create': {
                        table: 'sys_security_acl'
                        id: '9eab9db1adbc4c7fba3ec40383fccf6d'
                    }
                    'acl-incident-read': {
                        table: 'sys_security_acl'
                        id: '56c26d80a43149eaa34740cddbd40250'
                    }
                    'acl-incident-write': {
                        table: 'sys_security_acl'
                        id: '7f58000464c94690a16547b396889345'
                    }
                    'acl-item_option_new-read': {
                        table: 'sys_security_acl'
                        id: '3e8ab2b660b94da4a614aae37a4e8269'
                    }
                    'acl-sc_item_option_mtom-read': {
                        table: 'sys_security_acl'
                        id: '72b924f4106b41e09b7fd4150a6ec3f4'
                    }
                    'acl-sc_item_option-read': {
                        table: 'sys_security_acl'
                        id: 'afc6d8810f5f4b08833009d1c6f12b25'
                    }
                    'acl-sc_req_item-read': {
                        table: 'sys_security_acl'
                        id: '085545142c4b4ad3a42c13348fa39125'
                    }
                    'acl-sc_request-read': {
                        table: 'sys_security_acl'
                        id: '42c4d4a5ed384f169d54efe190dc07e4'
                    }
                    'acl-sc_task-read': {
                        table: 'sys_security_acl'
                        id: '75e40755b96a40b9a87b8734a2c5153f'
                    }
                    'acl-sc_task-write': {
                        table: 'sys_security_acl'
                        id: '72c202e2d85e47aea47dac38b0240a06'
                    }
                    'acl-standing-approval-create': {
                        table: 'sys_security_acl'
                        id: 'ef5f153c8f324c3d8b3f20b136471d9f'
                    }
                    'acl-standing-approval-read': {
                        table: 'sys_security_acl'
                        id: '647403f7c2f94e5a97123247436e304d'
                    }
                    'acl-standing-approval-read-fields': {
                        table: 'sys_security_acl'
                        id: '1b372b6bee7644c0acec73ab021aeee6'
                    }
                    'acl-standing-approval-read-own': {
                        table: 'sys_security_acl'
                        id: '9a5ea9f96f334b37bb995ca9f2943e39'
                    }
                    'acl-standing-approval-write': {
                        table: 'sys_security_acl'
                        id: '87edab4c89894a61baf07c34af832011'
                    }
                    'acl-standing-approval-write-approval': {
                        table: 'sys_security_acl'
                        id: 'ea5db1468b6641c5bd24acac4cb5926f'
                    }
                    'acl-standing-approval-write-fields': {
                        table: 'sys_security_acl'
                        id: 'c1819806f6aa40cd84e639946b1f4418'
                    }
                    'acl-standing-approval-write-opened_by': {
                        table: 'sys_security_acl'
                        id: '0419d62bd8824e1fa5d98805e18e1f55'
                    }
                    'acl-standing-approval-write-own': {
                        table: 'sys_security_acl'
                        id: 'de76838d2abf4648a0fb5e31175972f3'
                    }
                    'acl-sys_attachment-create': {
                        table: 'sys_security_acl'
                        id: '98751393b99f4e4993d1cdd86fd12fe0'
                    }
                    'acl-sys_attachment-read': {
                        table: 'sys_security_acl'
                        id: 'bb8dce7ea9ca4b15b9ec7fbb7a3148d6'
                    }
                    'acl-sys_audit-read': {
                        table: 'sys_security_acl'
                        id: '42fee88fe547427f8b4cfd0bfb19f157'
                    }
                    'acl-sys_choice-read': {
                        table: 'sys_security_acl'
                        id: '7b3e13e4916d45e5b52c5dfe2c89fe20'
                    }
                    'acl-sys_journal_field-read': {
                        table: 'sys_security_acl'
                        id: '409c1f92ef364696b68826051011a837'
                    }
                    'acl-sys_user_grmember-read': {
                        table: 'sys_security_acl'
                        id: '14ace75710a54bfb91b71282ae278186'
                    }
                    'acl-sys_user-read': {
                        table: 'sys_security_acl'
                        id: '31769e3690774a46b2597aeb5deadfb8'
                    }
                    'acl-sysapproval_approver-read': {
                        table: 'sys_security_acl'
                        id: 'e602659908e8400ea7bba2f3c109b099'
                    }
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
                    menu: {
                        table: 'sys_app_application'
                        id: 'a4de8b7a8baf4e5db22bd93868e9c23b'
                    }
                    'module-destinations': {
                        table: 'sys_app_module'
                        id: '1cfac1932ac8495a84476aa6f25f072c'
                    }
                    'module-heartbeat': {
                        table: 'sys_app_module'
                        id: '7a3091dfe4374fd6a0bb410ddbcbb28c'
                    }
                    'module-orders': {
                        table: 'sys_app_module'
                        id: '6275e5e45b674472bc763b6779f1878b'
                    }
                    'module-standing': {
                        table: 'sys_app_module'
                        id: 'eb74f11eae714f11841baa372641f242'
                    }
                    'module-transfers': {
                        table: 'sys_app_module'
                        id: '7374a5540b75420b8a9a859e0cdf79ae'
                    }
                    package_json: {
                        table: 'sys_module'
                        id: 'ae95f2cd97de4007b31178506666ad9d'
                    }
                    'privilege-approvals-read': {
                        table: 'sys_scope_privilege'
                        id: 'd6536179edf14613ada6757d7494c55f'
                    }
                    'privilege-incident-create': {
                        table: 'sys_scope_privilege'
                        id: 'edfdb2a53d384caf8ad1b9961ac0567a'
                    }
                    'privilege-incident-read': {
                        table: 'sys_scope_privilege'
                        id: 'c126cdda52334854aa3b9d43cfdb7d13'
                    }
                    'privilege-incident-write': {
                        table: 'sys_scope_privilege'
                        id: 'f25fb9171b6a4ccab04b1cc0a02c04af'
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
                        table: 'sys_ui_list_element'
                        id: '00d0bd08b22946acabb2c943309c5404'
                        key: {
                            list_id: {
                                id: '5b4e6f5796dd43fb926664e51561b68b'
                                key: {
                                    name: 'incident'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'state'
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '00ddb5c3bd944b7e857a634f49b626cc'
                        key: {
                            sys_security_acl: '3aac09c19ca14884ac449174fb15c8ed'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '01fd6eed2df542608d1db0103c54f0ec'
                        key: {
                            sys_security_acl: '56c26d80a43149eaa34740cddbd40250'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
                        }
                    },
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
                        table: 'sys_security_acl_role'
                        id: '059dfdb8d9ce48fb9bdcf7f46345a15a'
                        key: {
                            sys_security_acl: '2f04e43f602343eb9611f61a7661bb94'
                            sys_user_role: {
                                id: 'ff74f82cebe44403970b1f804c59cded'
                                key: {
                                    name: 'x_fferry.operator'
                                }
                            }
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
                        table: 'sys_ui_list_element'
                        id: '070cf4ddee0b4894a69b7b500f968b7d'
                        key: {
                            list_id: {
                                id: '750c6710320243cbbd05ca49ea408fff'
                                key: {
                                    name: 'sc_req_item'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'number'
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '07b8c6227fa94208a99af0b4ff6b3fae'
                        key: {
                            sys_security_acl: 'c6c9a5213b84430b8b37aa8a6d1a1f90'
                            sys_user_role: {
                                id: 'a6998a897ab242aca815b90ca79dfdb1'
                                key: {
                                    name: 'x_fferry.requester'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '09873c88a6374568a5929df30cc2052a'
                        key: {
                            sys_security_acl: '90f55e34284240489b3e3cabc17fc6d1'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '1064046c541e42418f9c7dee3a93b2dc'
                        key: {
                            sys_security_acl: 'c6c9a5213b84430b8b37aa8a6d1a1f90'
                            sys_user_role: {
                                id: 'f40f57d104aa4744a9a12836124c8ce0'
                                key: {
                                    name: 'x_fferry.approver'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '107a4298d7314569b841dff16a135039'
                        key: {
                            sys_security_acl: '647403f7c2f94e5a97123247436e304d'
                            sys_user_role: {
                                id: 'f40f57d104aa4744a9a12836124c8ce0'
                                key: {
                                    name: 'x_fferry.approver'
                                }
                            }
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
                        table: 'sys_ui_view'
                        id: '1ba115a851d447ef8f0ed7c17869a294'
                        key: {
                            name: 'x_fferry_transfers'
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
                        table: 'sys_security_acl_role'
                        id: '22603e51a8864cb683b778325e310241'
                        key: {
                            sys_security_acl: '7f58000464c94690a16547b396889345'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
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
                        table: 'sys_ui_list_element'
                        id: '237adc85292c47eaad46600422e8dc75'
                        key: {
                            list_id: {
                                id: '2dc0ff82c1cc4d92b570fca52c6f976e'
                                key: {
                                    name: 'x_fferry_standing_approval'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'number'
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
                        table: 'sys_security_acl_role'
                        id: '25896a8f6e8543628d1a86bb43e1d2c9'
                        key: {
                            sys_security_acl: '7b3e13e4916d45e5b52c5dfe2c89fe20'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
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
                        table: 'sys_security_acl_role'
                        id: '285a4dfad63c4861afbe2daf0ef66b76'
                        key: {
                            sys_security_acl: '1b372b6bee7644c0acec73ab021aeee6'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
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
                        table: 'sys_security_acl_role'
                        id: '2966d8fa42b64ce9a6d9a60c7cf15e1e'
                        key: {
                            sys_security_acl: '72b924f4106b41e09b7fd4150a6ec3f4'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
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
                        table: 'sys_security_acl_role'
                        id: '2d527701b9eb43ea83d4c05f074543c3'
                        key: {
                            sys_security_acl: '87edab4c89894a61baf07c34af832011'
                            sys_user_role: {
                                id: 'ff74f82cebe44403970b1f804c59cded'
                                key: {
                                    name: 'x_fferry.operator'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_ui_list'
                        id: '2dc0ff82c1cc4d92b570fca52c6f976e'
                        key: {
                            name: 'x_fferry_standing_approval'
                            view: {
                                id: '1ba115a851d447ef8f0ed7c17869a294'
                                key: {
                                    name: 'x_fferry_transfers'
                                }
                            }
                            sys_domain: 'global'
                            element: 'NULL'
                            relationship: 'NULL'
                            parent: 'NULL'
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '2e7b4724a08a420a97bf0a04bccdf444'
                        key: {
                            sys_security_acl: 'bb8dce7ea9ca4b15b9ec7fbb7a3148d6'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '316956c7e77541b590d45aa98a71e994'
                        key: {
                            sys_security_acl: '89cda7c1bc8542cc95637c4686ad9504'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '328d977f7ef84c07bd427009618590ff'
                        key: {
                            sys_security_acl: '98751393b99f4e4993d1cdd86fd12fe0'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
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
                        table: 'sys_security_acl_role'
                        id: '368874dd8a084a63aed9fc51c92388ac'
                        key: {
                            sys_security_acl: '42fee88fe547427f8b4cfd0bfb19f157'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
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
                        table: 'sys_ui_list_element'
                        id: '3774c044f58b4892be5d016c946e305d'
                        key: {
                            list_id: {
                                id: '5b4e6f5796dd43fb926664e51561b68b'
                                key: {
                                    name: 'incident'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'correlation_display'
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
                        table: 'sys_security_acl_role'
                        id: '3bdfc2e8c0414fc5814fc06762b6f596'
                        key: {
                            sys_security_acl: '5b2434dd58e24289bda748e7726e3410'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
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
                        table: 'sys_security_acl_role'
                        id: '3dbb2a44a22849ccbebee334876f50b2'
                        key: {
                            sys_security_acl: '085545142c4b4ad3a42c13348fa39125'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: '4234a5f968b74c67975d0da1983793ca'
                        key: {
                            list_id: {
                                id: '428483521d8d49619335bb603267a03f'
                                key: {
                                    name: 'x_fferry_heartbeat'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'running'
                        }
                    },
                    {
                        table: 'sys_ui_list'
                        id: '428483521d8d49619335bb603267a03f'
                        key: {
                            name: 'x_fferry_heartbeat'
                            view: {
                                id: '1ba115a851d447ef8f0ed7c17869a294'
                                key: {
                                    name: 'x_fferry_transfers'
                                }
                            }
                            sys_domain: 'global'
                            element: 'NULL'
                            relationship: 'NULL'
                            parent: 'NULL'
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
                        table: 'sys_security_acl_role'
                        id: '44ede1644f1a48fd92d8b647332753a5'
                        key: {
                            sys_security_acl: 'ef5f153c8f324c3d8b3f20b136471d9f'
                            sys_user_role: {
                                id: 'ff74f82cebe44403970b1f804c59cded'
                                key: {
                                    name: 'x_fferry.operator'
                                }
                            }
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
                        table: 'sys_ui_list_element'
                        id: '479cff9ad24746588b3a089b69844e7e'
                        key: {
                            list_id: {
                                id: '428483521d8d49619335bb603267a03f'
                                key: {
                                    name: 'x_fferry_heartbeat'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'instance'
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: '49e29eecc0a044ba885fb40e8246af92'
                        key: {
                            list_id: {
                                id: '750c6710320243cbbd05ca49ea408fff'
                                key: {
                                    name: 'sc_req_item'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'opened_by'
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
                        table: 'sys_ui_list_element'
                        id: '505aa81f0de345c9968566b08856ef76'
                        key: {
                            list_id: {
                                id: '428483521d8d49619335bb603267a03f'
                                key: {
                                    name: 'x_fferry_heartbeat'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'sentence'
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '536a4c64ecc54c52b7220f6276d2069a'
                        key: {
                            sys_security_acl: 'ce8e6411abd74ede8749611a7519b9e2'
                            sys_user_role: {
                                id: 'ff74f82cebe44403970b1f804c59cded'
                                key: {
                                    name: 'x_fferry.operator'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: '5455c8ef7159460184d9b96c8b550bbd'
                        key: {
                            list_id: {
                                id: '428483521d8d49619335bb603267a03f'
                                key: {
                                    name: 'x_fferry_heartbeat'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'incident'
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '552422fa846c458686e1c7e32b040b82'
                        key: {
                            sys_security_acl: '647403f7c2f94e5a97123247436e304d'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
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
                        table: 'sys_security_acl_role'
                        id: '58492ba983eb42d9af23461d0859a7e3'
                        key: {
                            sys_security_acl: 'c530f89a252d4217ba3cd2ecb61ba558'
                            sys_user_role: {
                                id: 'ff74f82cebe44403970b1f804c59cded'
                                key: {
                                    name: 'x_fferry.operator'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_ui_list'
                        id: '5b4e6f5796dd43fb926664e51561b68b'
                        key: {
                            name: 'incident'
                            view: {
                                id: '1ba115a851d447ef8f0ed7c17869a294'
                                key: {
                                    name: 'x_fferry_transfers'
                                }
                            }
                            sys_domain: 'global'
                            element: 'NULL'
                            relationship: 'NULL'
                            parent: 'NULL'
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '5dd0eb43b48d4049b6dae98f7ebcfcf5'
                        key: {
                            sys_security_acl: '72c202e2d85e47aea47dac38b0240a06'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '5e338233dc774f249520871bce38b0d3'
                        key: {
                            sys_security_acl: '647403f7c2f94e5a97123247436e304d'
                            sys_user_role: {
                                id: 'ff74f82cebe44403970b1f804c59cded'
                                key: {
                                    name: 'x_fferry.operator'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '61914dd9b62845b189a88ad671443c2f'
                        key: {
                            sys_security_acl: '9eab9db1adbc4c7fba3ec40383fccf6d'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '627ef0268daf43a18a86c4f61b0a098b'
                        key: {
                            sys_security_acl: 'e602659908e8400ea7bba2f3c109b099'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
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
                        table: 'sys_ui_list_element'
                        id: '6335a9b7c6e24285aa2b2d78177bfbd0'
                        key: {
                            list_id: {
                                id: '2dc0ff82c1cc4d92b570fca52c6f976e'
                                key: {
                                    name: 'x_fferry_standing_approval'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'u_path'
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
                        table: 'sys_ui_list_element'
                        id: '68b08613fa604d22bb464246ba0a3752'
                        key: {
                            list_id: {
                                id: '428483521d8d49619335bb603267a03f'
                                key: {
                                    name: 'x_fferry_heartbeat'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'seen'
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: '6aa500d46f2b4382878ad6e15042f5f1'
                        key: {
                            list_id: {
                                id: '2dc0ff82c1cc4d92b570fca52c6f976e'
                                key: {
                                    name: 'x_fferry_standing_approval'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'u_until'
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '6b711300e99a4e949e94514f67fd30b7'
                        key: {
                            sys_security_acl: '81b4c4da4b4c47c1af75fb0fb685616f'
                            sys_user_role: {
                                id: 'ff74f82cebe44403970b1f804c59cded'
                                key: {
                                    name: 'x_fferry.operator'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: '6eda27554fcc4f8f93ccae4806fc56da'
                        key: {
                            list_id: {
                                id: '428483521d8d49619335bb603267a03f'
                                key: {
                                    name: 'x_fferry_heartbeat'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'health'
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '72e2165411a8445d93cbfd96d0199978'
                        key: {
                            sys_security_acl: 'afc6d8810f5f4b08833009d1c6f12b25'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_ui_list'
                        id: '750c6710320243cbbd05ca49ea408fff'
                        key: {
                            name: 'sc_req_item'
                            view: {
                                id: '1ba115a851d447ef8f0ed7c17869a294'
                                key: {
                                    name: 'x_fferry_transfers'
                                }
                            }
                            sys_domain: 'global'
                            element: 'NULL'
                            relationship: 'NULL'
                            parent: 'NULL'
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: '75fa5babfeea439e938c0dd2df77eb3d'
                        key: {
                            list_id: {
                                id: '2dc0ff82c1cc4d92b570fca52c6f976e'
                                key: {
                                    name: 'x_fferry_standing_approval'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'active'
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: '77ba1c7399d7465184080d114b9fa73b'
                        key: {
                            list_id: {
                                id: '2dc0ff82c1cc4d92b570fca52c6f976e'
                                key: {
                                    name: 'x_fferry_standing_approval'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'u_prefix'
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
                        table: 'sys_ui_list_element'
                        id: '7d160038b5a44c8084dd0443d6bb1937'
                        key: {
                            list_id: {
                                id: '750c6710320243cbbd05ca49ea408fff'
                                key: {
                                    name: 'sc_req_item'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'state'
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '7e56bc2b4e854fcbb2098cf5e0510b94'
                        key: {
                            sys_security_acl: '1b372b6bee7644c0acec73ab021aeee6'
                            sys_user_role: {
                                id: 'a6998a897ab242aca815b90ca79dfdb1'
                                key: {
                                    name: 'x_fferry.requester'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: '7ea2b6ad03e64a148ed465cdcad3604a'
                        key: {
                            list_id: {
                                id: '428483521d8d49619335bb603267a03f'
                                key: {
                                    name: 'x_fferry_heartbeat'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'waiting'
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
                        table: 'sys_security_acl_role'
                        id: '843d1517492a4b9cafde8a712754692a'
                        key: {
                            sys_security_acl: '75e40755b96a40b9a87b8734a2c5153f'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
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
                        table: 'sys_security_acl_role'
                        id: '863b60a5711f44d8a4fea4f7a49abb27'
                        key: {
                            sys_security_acl: 'b80b71fe48534b4ca3e0d2484a9c1126'
                            sys_user_role: {
                                id: 'ff74f82cebe44403970b1f804c59cded'
                                key: {
                                    name: 'x_fferry.operator'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '8860be68b8b34fb9b40cdca29b13e269'
                        key: {
                            sys_security_acl: '42c4d4a5ed384f169d54efe190dc07e4'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: '88bc0f8a81c9412c8f6324f9dac582a6'
                        key: {
                            list_id: {
                                id: 'b36d64fc4a554dee9c36d6dc5577bbb3'
                                key: {
                                    name: 'x_fferry_destination'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'instance'
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: '8902da5615c14301a42bc7045d717f9c'
                        key: {
                            list_id: {
                                id: '2dc0ff82c1cc4d92b570fca52c6f976e'
                                key: {
                                    name: 'x_fferry_standing_approval'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'u_destination'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '89fd4530fdf54e05bf2ff67ad85187b1'
                        deleted: true
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'silent'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '8a05a90ae56f49458af821f0a87566bf'
                        key: {
                            sys_security_acl: '0419d62bd8824e1fa5d98805e18e1f55'
                            sys_user_role: {
                                id: '710db2ea3e004d4588463433e50430b5'
                                key: {
                                    name: 'admin'
                                }
                            }
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
                        table: 'sys_security_acl_role'
                        id: '8c4d17dd154e4849b3eea621d8cc3614'
                        key: {
                            sys_security_acl: '14ace75710a54bfb91b71282ae278186'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
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
                        table: 'sys_ui_list_element'
                        id: '8fc62a6e8d3044e98a1d1efb5e7796ac'
                        key: {
                            list_id: {
                                id: '5b4e6f5796dd43fb926664e51561b68b'
                                key: {
                                    name: 'incident'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'number'
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '94b46add2cfa4b4382ae74f27ec8b584'
                        key: {
                            sys_security_acl: 'c6c9a5213b84430b8b37aa8a6d1a1f90'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
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
                        table: 'sys_security_acl_role'
                        id: '9836e2a2250041d2b2049c330bdf7497'
                        key: {
                            sys_security_acl: 'ea5db1468b6641c5bd24acac4cb5926f'
                            sys_user_role: {
                                id: '710db2ea3e004d4588463433e50430b5'
                                key: {
                                    name: 'admin'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '9a84744960424c43b75c0a57fc10c361'
                        key: {
                            sys_security_acl: 'c6c9a5213b84430b8b37aa8a6d1a1f90'
                            sys_user_role: {
                                id: 'ff74f82cebe44403970b1f804c59cded'
                                key: {
                                    name: 'x_fferry.operator'
                                }
                            }
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
                        table: 'sys_security_acl_role'
                        id: '9c4e18183eeb4b32973c96d5d6999509'
                        key: {
                            sys_security_acl: '1b372b6bee7644c0acec73ab021aeee6'
                            sys_user_role: {
                                id: 'f40f57d104aa4744a9a12836124c8ce0'
                                key: {
                                    name: 'x_fferry.approver'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: '9c6e098e29ed4bae8ac06e3aa5039bb0'
                        key: {
                            list_id: {
                                id: '750c6710320243cbbd05ca49ea408fff'
                                key: {
                                    name: 'sc_req_item'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'approval'
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
                        table: 'sys_security_acl_role'
                        id: 'a22e1194ecb24c1dab5ec38b9be33acf'
                        key: {
                            sys_security_acl: 'de76838d2abf4648a0fb5e31175972f3'
                            sys_user_role: {
                                id: 'a6998a897ab242aca815b90ca79dfdb1'
                                key: {
                                    name: 'x_fferry.requester'
                                }
                            }
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
                        table: 'sys_ui_list'
                        id: 'b36d64fc4a554dee9c36d6dc5577bbb3'
                        key: {
                            name: 'x_fferry_destination'
                            view: {
                                id: '1ba115a851d447ef8f0ed7c17869a294'
                                key: {
                                    name: 'x_fferry_transfers'
                                }
                            }
                            sys_domain: 'global'
                            element: 'NULL'
                            relationship: 'NULL'
                            parent: 'NULL'
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
                        table: 'sys_security_acl_role'
                        id: 'b88747ef96b746f7a4b5d4e30eb76c08'
                        key: {
                            sys_security_acl: 'c1819806f6aa40cd84e639946b1f4418'
                            sys_user_role: {
                                id: 'a6998a897ab242aca815b90ca79dfdb1'
                                key: {
                                    name: 'x_fferry.requester'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: 'bbf985ceff7840dcb059d96b37685646'
                        key: {
                            sys_security_acl: '1b372b6bee7644c0acec73ab021aeee6'
                            sys_user_role: {
                                id: 'ff74f82cebe44403970b1f804c59cded'
                                key: {
                                    name: 'x_fferry.operator'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: 'be3d79b9bda747eeaa2b6d94e76355c6'
                        key: {
                            sys_security_acl: '409c1f92ef364696b68826051011a837'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: 'c59408c5f3e54cd4ae7dd975eeeb2a86'
                        key: {
                            sys_security_acl: '9a5ea9f96f334b37bb995ca9f2943e39'
                            sys_user_role: {
                                id: 'a6998a897ab242aca815b90ca79dfdb1'
                                key: {
                                    name: 'x_fferry.requester'
                                }
                            }
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
                        table: 'sys_security_acl_role'
                        id: 'c7923b51011c4351bb7b4c39fddb8505'
                        key: {
                            sys_security_acl: 'e18b9a00afcd4cb8aafbdb63a7b6ce91'
                            sys_user_role: {
                                id: '710db2ea3e004d4588463433e50430b5'
                                key: {
                                    name: 'admin'
                                }
                            }
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
                        table: 'sys_security_acl_role'
                        id: 'c9d01d9d894241d8a020e8f9e9ca21e5'
                        key: {
                            sys_security_acl: '7227840ce17943ec9b80d59fbec9290d'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: 'c9d320da4c7245538e27465acf1f0ddc'
                        key: {
                            list_id: {
                                id: '750c6710320243cbbd05ca49ea408fff'
                                key: {
                                    name: 'sc_req_item'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'sys_created_on'
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: 'c9d5966d4c8c497391cd088468dc41d6'
                        key: {
                            sys_security_acl: '3e8ab2b660b94da4a614aae37a4e8269'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: 'ca04db78b0d14edea9a3eb5dab9443ee'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'silent_since'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: 'cb5d62ff17a543518925133ed61acdeb'
                        key: {
                            list_id: {
                                id: '750c6710320243cbbd05ca49ea408fff'
                                key: {
                                    name: 'sc_req_item'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'requested_for'
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
                        table: 'sys_ui_list_element'
                        id: 'd28e83e19f314344acd6fc31ad2f19f3'
                        key: {
                            list_id: {
                                id: '428483521d8d49619335bb603267a03f'
                                key: {
                                    name: 'x_fferry_heartbeat'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'silent_since'
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
                        table: 'sys_ui_list_element'
                        id: 'd50c4402fca14d0995544d8399ebeb44'
                        key: {
                            list_id: {
                                id: '5b4e6f5796dd43fb926664e51561b68b'
                                key: {
                                    name: 'incident'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'short_description'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: 'd56078c91be249918d2b26effac90729'
                        key: {
                            name: 'x_fferry_heartbeat'
                            element: 'silent_since'
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
                        table: 'sys_security_acl_role'
                        id: 'da6d4613dcfb4d3b95f9dad3d5c0792a'
                        key: {
                            sys_security_acl: '81b4c4da4b4c47c1af75fb0fb685616f'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
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
                        table: 'sys_ui_list_element'
                        id: 'e1c71a0e2f044f14b1ea96e4bed7feb5'
                        key: {
                            list_id: {
                                id: '5b4e6f5796dd43fb926664e51561b68b'
                                key: {
                                    name: 'incident'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'sys_updated_on'
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: 'e267fa8423a6426eb6e867b7bcd3cf6b'
                        key: {
                            sys_security_acl: '31769e3690774a46b2597aeb5deadfb8'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: 'e444f2a8a8b84cbe8fc7150d76dfaf41'
                        deleted: true
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
                        table: 'sys_ui_list_element'
                        id: 'ea7f90ce251d47deabba1db377a36767'
                        key: {
                            list_id: {
                                id: 'b36d64fc4a554dee9c36d6dc5577bbb3'
                                key: {
                                    name: 'x_fferry_destination'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'description'
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: 'eb36fd96aa684ce08456e6f0045aa584'
                        key: {
                            sys_security_acl: 'ef5f153c8f324c3d8b3f20b136471d9f'
                            sys_user_role: {
                                id: 'a6998a897ab242aca815b90ca79dfdb1'
                                key: {
                                    name: 'x_fferry.requester'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: 'ec3614c03c0749dfaf4bcaa762d92b76'
                        key: {
                            list_id: {
                                id: '428483521d8d49619335bb603267a03f'
                                key: {
                                    name: 'x_fferry_heartbeat'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'code'
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: 'ec6477d5eacf4676b51adb7e7fe78f9c'
                        key: {
                            list_id: {
                                id: '2dc0ff82c1cc4d92b570fca52c6f976e'
                                key: {
                                    name: 'x_fferry_standing_approval'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'approval'
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: 'ee2d3689dc164d1b9e59b0ff35d29115'
                        key: {
                            list_id: {
                                id: '428483521d8d49619335bb603267a03f'
                                key: {
                                    name: 'x_fferry_heartbeat'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'version'
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
                        table: 'sys_security_acl_role'
                        id: 'f055364658784476a206251a35cb8372'
                        key: {
                            sys_security_acl: '11f3bdf885164283a6ee44fabdd1d961'
                            sys_user_role: {
                                id: '710db2ea3e004d4588463433e50430b5'
                                key: {
                                    name: 'admin'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: 'f249703bc88641d4a2a6aeb6f09278a4'
                        key: {
                            sys_security_acl: 'c1819806f6aa40cd84e639946b1f4418'
                            sys_user_role: {
                                id: 'ff74f82cebe44403970b1f804c59cded'
                                key: {
                                    name: 'x_fferry.operator'
                                }
                            }
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
                        table: 'sys_security_acl_role'
                        id: 'f50dc2d900da4d02a172545b9592f53e'
                        key: {
                            sys_security_acl: '375de20f9c1140808c84e0be50b8745f'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
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
                        table: 'sys_ui_list_element'
                        id: 'f5b25d5e738f43b0b473634db2192e0c'
                        key: {
                            list_id: {
                                id: 'b36d64fc4a554dee9c36d6dc5577bbb3'
                                key: {
                                    name: 'x_fferry_destination'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'active'
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: 'f5daef3e050d4dedbdf90f9bcdc4f47b'
                        key: {
                            list_id: {
                                id: '2dc0ff82c1cc4d92b570fca52c6f976e'
                                key: {
                                    name: 'x_fferry_standing_approval'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'opened_by'
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
                        table: 'sys_ui_list_element'
                        id: 'fa66444dcaa94b7eaaafc0874efb4d44'
                        key: {
                            list_id: {
                                id: 'b36d64fc4a554dee9c36d6dc5577bbb3'
                                key: {
                                    name: 'x_fferry_destination'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'name'
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: 'fc8ca0521dda40e79c02cfb9ddd4cd04'
                        key: {
                            sys_security_acl: 'ce8e6411abd74ede8749611a7519b9e2'
                            sys_user_role: {
                                id: '254263b594064a9a8c7b6487e48949f9'
                                key: {
                                    name: 'x_fferry.integration'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: 'fdd32a932ce249fa9160b9229d30c4e7'
                        key: {
                            list_id: {
                                id: '5b4e6f5796dd43fb926664e51561b68b'
                                key: {
                                    name: 'incident'
                                    view: {
                                        id: '1ba115a851d447ef8f0ed7c17869a294'
                                        key: {
                                            name: 'x_fferry_transfers'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'close_notes'
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
