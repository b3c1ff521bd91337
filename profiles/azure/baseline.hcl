# An add-on for Ubuntu and Azure Linux: the checks of Azure's own baseline, by their rule ids.

profile "azure-security-baseline" {
  version   = "1.1"
  benchmark = "Azure Linux security baseline"

  variables = {
    umask              = "077"
    shadow_mode        = "0400"
    grub_config_mode   = "0400"
    password_history   = 5
    ssh_max_auth_tries = 6
    ssh_ciphers        = ["aes256-ctr", "aes192-ctr", "aes128-ctr"]
    ssh_macs = [
      "hmac-sha2-512-etm@openssh.com",
      "hmac-sha2-256-etm@openssh.com",
      "hmac-sha2-512",
      "hmac-sha2-256",
    ]
  }

  control "d13a3969-b46a-4017-a894-765a4d6252db" {
    level = 1
    title = "Azure's configuration agent logs what it should"

    not_applicable {
      reason = "about the agent that makes Azure's own report: it comes to a machine with that report, and an image has none"
      owner  = "azure"
    }
  }

  control "43119747-263c-2c92-4ce5-726e63259049" {
    level = 1
    rules = ["ssh-config-access"]
  }

  control "35868e8c-97eb-4981-ab79-99b25101cc86" {
    level = 1
    rules = ["ssh-protocol-2"]
  }

  control "43945588-1bdc-495c-bac8-6a71a62d30aa" {
    level = 1
    rules = ["ssh-rhosts-ignored"]
  }

  control "31f1a912-1b98-42fd-8381-1e8d1033bfd1" {
    level = 1
    rules = ["ssh-log-level"]
  }

  control "e7708534-5d98-406f-83ae-1de835b2906e" {
    level = 1
    rules = ["ssh-max-auth-tries"]
  }

  control "dc8da71d-aeba-4c03-8835-36fe158e372a" {
    level = 1
    rules = ["ssh-users-allowed"]
  }

  control "1db7d147-3a75-4637-8cdc-c119e22d0206" {
    level = 1
    rules = ["ssh-users-denied"]
  }

  control "d9868b1f-0c8e-4adb-889e-14e374874ece" {
    level = 1
    rules = ["ssh-groups-allowed"]
  }

  control "f85c04a4-427b-4ee1-b988-c3ff7b4998cc" {
    level = 1
    rules = ["ssh-groups-denied"]
  }

  control "66511f6b-f690-43df-9654-642260699eec" {
    level = 1
    rules = ["ssh-hostbased-off"]
  }

  control "16511f6b-f690-43df-9654-642260699eec" {
    level = 1
    rules = ["ssh-root-login-off"]
  }

  control "d50c3f39-264c-4cdc-b0ba-89de8a0f6828" {
    level = 1
    rules = ["ssh-empty-passwords-off"]
  }

  control "fd9f1554-6b72-8610-826e-78578e6f7811" {
    level = 1
    rules = ["ssh-idle-timeout"]
  }

  control "c848bba4-93b1-4756-b08a-ff94c2b4814c" {
    level = 1
    rules = ["ssh-idle-timeout"]
  }

  control "39aa5c2b-5b36-84a7-4022-570a53c86ff9" {
    level = 1
    rules = ["ssh-login-grace-time"]
  }

  control "483e8b0c-7572-8467-7e0c-26e1e9ce6359" {
    level = 1
    rules = ["ssh-macs-strong"]
  }

  control "9e240540-5e0a-4b60-beb2-57421c65a0b9" {
    level = 1
    rules = ["ssh-banner"]
  }

  control "0e665978-91f4-45af-bb7b-e4090b600c8d" {
    level = 1
    rules = ["ssh-user-environment-off"]
  }

  control "b07d4c69-a1d9-4c22-a486-634ec3b8c380" {
    level = 1
    rules = ["ssh-ciphers-strong"]
  }

  control "1310042d-193f-414a-a7e3-b2c4e89aa537" {
    level = 1
    rules = ["ssh-port"]
  }

  control "a87f15ed-1115-a22d-6f43-17db97c91111" {
    level = 1
    rules = ["home-nodev"]
  }

  control "a87f15ed-1115-a22d-6f43-17db97c91161" {
    level = 1
    rules = ["tmp-nodev"]
  }

  control "a87f15ed-1115-a22d-6f43-17db97c91181" {
    level = 1
    rules = ["var-tmp-nodev"]
  }

  control "a87f15ed-1115-a22d-6f43-17db97c91191" {
    level = 1
    rules = ["tmp-nosuid"]
  }

  control "a87f15ed-1115-a22d-6f43-17db97c91171" {
    level = 1
    rules = ["var-tmp-nosuid"]
  }

  control "b97f15dd-8185-a12d-6f43-17db97c98477" {
    level = 1
    rules = ["var-tmp-noexec"]
  }

  control "11e6dc3b-0659-3dc8-7d12-8eb0bb6c0890" {
    level = 1
    rules = ["shm-noexec"]
  }

  control "8cffbbca-3e5b-9af9-65fe-ff7b6316565d" {
    level = 1
    rules = ["autofs-not-in-use"]
  }

  control "acffbbca-3e5b-9aa9-65ee-ff7b6116565f" {
    level = 1
    rules = ["kmod-usb-storage-disabled"]
  }

  control "429123d4-7e7d-2737-6542-2e86b82c16a1" {
    level = 1
    rules = ["core-size-limited", "suid-core-dumps-off", "core-dumps-not-stored", "core-dumps-not-processed"]
  }

  control "cdee3703-321a-69c4-107f-e7b350a95e5a" {
    level = 1
    rules = ["prelink-absent"]
  }

  control "b08735e4-8565-0ab1-0fba-b15e31be98e4" {
    level = 1
    rules = ["motd-access"]
  }

  control "69032884-324a-3289-a171-b17a541f7adb" {
    level = 1
    rules = ["issue-access"]
  }

  control "9110c0c6-27f1-065e-140d-2672c1ad055b" {
    level = 1
    rules = ["issue-net-access"]
  }

  control "5c7537f2-b90b-44a4-89c9-4fca5fd79ef7" {
    level = 1
    rules = ["removable-media-nodev"]
  }

  control "7976cc38-fddb-4913-9295-4fcac2e641c3" {
    level = 1
    rules = ["removable-media-noexec"]
  }

  control "cdc390c9-fb4a-47f6-90a7-4e1bd6d0e9e6" {
    level = 1
    rules = ["removable-media-nosuid"]
  }

  control "5133422e-990f-971e-661d-ccfc913c1d2c" {
    level = 1
    rules = ["talk-client-absent"]
  }

  control "1d498679-5780-6db3-14cc-6433011e0310" {
    level = 1
    rules = ["hosts-allow-access"]
  }

  control "71d554b5-1436-9676-1966-939ded8d0a37" {
    level = 1
    rules = ["hosts-deny-access"]
  }

  control "eb6c608a-2316-41bd-aa00-604249e31f27" {
    level = 1
    rules = ["firewall-default-deny"]
  }

  control "7ca24433-3c08-4ff5-9fe2-d8e1830c5829" {
    level = 1
    rules = ["nfs-options"]
  }

  control "b042fda5-55f6-17ba-78d5-1ba33a4709f5" {
    level = 1
    rules = ["password-quality", "password-classes"]
  }

  control "1895704d-a326-90ca-3795-3a1289e7482d" {
    level = 1
    rules = ["account-lockout"]
  }

  control "9967cbaf-44be-0dd1-92ab-d4f4034b2d28" {
    level = 1
    rules = ["kmod-cramfs-disabled"]
  }

  control "4c066a3d-8eba-a210-3228-cff300039363" {
    level = 1
    rules = ["kmod-freevxfs-disabled"]
  }

  control "c07e6adc-93ab-1d40-2c6d-f3f16ca9561d" {
    level = 1
    rules = ["home-directories-exist"]
  }

  control "54e255d1-038a-860b-48a2-3d1821e34661" {
    level = 1
    rules = ["home-directories-owned"]
  }

  control "086cb95b-5427-3ac0-9b98-c5c5b593579a" {
    level = 1
    rules = ["dot-files-not-writable"]
  }

  control "d02297d2-9f49-5276-0a92-5ac1e42e243c" {
    level = 1
    rules = ["no-forward-files"]
  }

  control "c1b7767e-6c84-6a54-10b8-b9797a8d707a" {
    level = 1
    rules = ["no-netrc-files"]
  }

  control "28884fab-89e2-2250-a057-6f35637b4848" {
    level = 1
    rules = ["no-rhosts-files"]
  }

  control "835a98f5-46da-5332-6b45-38df223e9d9a" {
    level = 1
    rules = ["groups-of-accounts-exist"]
  }

  control "df7fd9e2-0cd0-47c1-92b0-f3cab6e06869" {
    level = 1
    rules = ["unique-user-ids"]
  }

  control "70f3d785-1410-440f-6f6d-79b051039d21" {
    level = 1
    rules = ["unique-group-ids"]
  }

  control "017e0242-25b9-2c72-7ac6-d601086f5c8b" {
    level = 1
    rules = ["unique-user-names"]
  }

  control "bc5844b6-7e40-4f2f-7e81-1cbd18885dae" {
    level = 1
    rules = ["unique-group-names"]
  }

  control "cbdc33fa-0f1c-0a90-7fe9-8ef1cf6643c2" {
    level = 1
    rules = ["shadow-group-empty"]
  }

  control "39595d95-88a4-78e2-6e0e-fbde7fd95eed" {
    level = 1
    rules = ["kmod-hfs-disabled"]
  }

  control "68fb9c92-1009-9e24-694e-3d996a5e09c5" {
    level = 1
    rules = ["kmod-hfsplus-disabled"]
  }

  control "859c7aa0-6eeb-6aac-6160-2fdead2537bf" {
    level = 1
    rules = ["kmod-jffs2-disabled"]
  }

  control "34e19f66-2387-4cdc-8ab2-cfac8e5865f0" {
    level = 1
    rules = ["kernel-from-packages"]
  }

  control "13dabe7c-02ea-09d2-1a97-42cc7ac94eaa" {
    level = 1
    rules = ["shadow-access"]
  }

  control "1e941132-a3a7-5ccb-1817-50551b65202e" {
    level = 1
    rules = ["shadow-backup-access"]
  }

  control "0a7f2b28-8586-6cef-512e-a28f991d83cd" {
    level = 1
    rules = ["gshadow-access"]
  }

  control "0fe59dec-472c-4b11-a221-36053a47afb6" {
    level = 1
    rules = ["gshadow-backup-access"]
  }

  control "ad534c97-1070-415c-9fc7-c92366d3fc30" {
    level = 1
    rules = ["passwd-access"]
  }

  control "c41a47e9-1ba0-4e72-9f43-4659a4bfed63" {
    level = 1
    rules = ["group-access"]
  }

  control "0c67cac0-1e99-8a8f-32e1-841d18b01a9a" {
    level = 1
    rules = ["passwd-backup-access"]
  }

  control "865ebb92-8e64-4e3a-aa9b-0290768aa8f1" {
    level = 1
    rules = ["group-backup-access"]
  }

  control "0c77cac0-1e99-8a8f-32e1-841d18b01a9a" {
    level = 1
    rules = ["su-restricted"]
  }

  control "8cac0c32-1add-42b9-9300-5ccb9f91aab3" {
    level = 1
    rules = ["root-group-only-gid-0"]
  }

  control "ca9d29b7-79bd-4c99-85e2-1454295c3c8e" {
    level = 1
    rules = ["passwords-not-empty"]
  }

  control "7de0f0e6-f97b-4e12-8f9e-c6538ca5a85b" {
    level = 1
    rules = ["root-only-uid-0", "unique-user-ids"]
  }

  control "d790e942-efd3-42e6-a3a5-9eb1d651a588" {
    level = 1
    rules = ["aslr-on"]
  }

  control "49c89437-d116-4d84-a91d-0dd59daafa0d" {
    level = 1
    rules = ["nx-not-switched-off"]
  }

  control "d66f8908-7b9f-77fc-18d4-af85197e0aeb" {
    level = 1
    rules = ["root-path-safe"]
  }

  control "0754488a-75c7-a4e8-0fb4-9212f771623f" {
    level = 1
    rules = ["home-directories-access"]
  }

  control "0753438a-75c7-a4e8-0fb4-9213f771623f" {
    level = 1
    rules = ["umask-restrictive"]
  }

  control "8a4f5ce8-41c4-710c-631e-fbc36a2fa53e" {
    level = 1
    rules = ["boot-loader-password"]
  }

  control "091f0150-80d1-0e2d-7353-8cdb77fc6aa1" {
    level = 1
    rules = ["boot-loader-config-access"]
  }

  control "13a48ca1-92bc-63a1-a4de-b984375fa332" {
    level = 1
    rules = ["rescue-shell-authenticates"]
  }

  control "5ea9d618-1af4-4e59-65be-ffac234872e9" {
    level = 1
    rules = ["redirects-not-sent"]
  }

  control "a492f72a-6b79-8a9d-3b4f-3fface972ab7" {
    level = 1
    rules = ["redirects-refused"]
  }

  control "4ecae4e6-a3e2-44f5-9985-ea2a21962450" {
    level = 1
    rules = ["source-routes-refused"]
  }

  control "63613c25-8ae1-4792-9572-02bdc941febf" {
    level = 1
    rules = ["source-routes-refused"]
  }

  control "88acc143-2f76-4418-9aa9-d0d5f244ab5f" {
    level = 1
    rules = ["bogus-icmp-ignored"]
  }

  control "f5a5926d-9c64-41fa-8220-5bc0f8213550" {
    level = 1
    rules = ["broadcast-icmp-ignored"]
  }

  control "dc1c08a3-91e8-1d60-9210-c18bdebd8778" {
    level = 1
    rules = ["martians-logged"]
  }

  control "177e6190-1026-49fb-a1f9-fd5b10302280" {
    level = 1
    rules = ["reverse-path-filter"]
  }

  control "db6ca14e-26c5-48cd-a6b7-fc953861043c" {
    level = 1
    rules = ["syn-cookies-on"]
  }

  control "45766f27-5af3-453d-bade-f8195925cde1" {
    level = 1
    rules = ["links-not-promiscuous"]
  }

  control "8def2d0c-303a-4c0b-858c-319f80f7c814" {
    level = 1
    rules = ["wireless-off"]
  }

  control "f04b1de8-1fd3-40da-a27f-39b7ea97bf8c" {
    level = 1
    rules = ["ipv6-enabled"]
  }

  control "93d2736e-7329-8806-3ef6-e71bb2203d11" {
    level = 1
    rules = ["kmod-dccp-disabled"]
  }

  control "78228616-15d4-33fe-0357-88e77f228f05" {
    level = 1
    rules = ["kmod-sctp-disabled"]
  }

  control "d9ed5e76-2348-4409-94dd-c76352407fe8" {
    level = 1
    rules = ["kmod-rds-disabled"]
  }

  control "8ace9b14-820f-6e0d-37d8-c6df950454cd" {
    level = 1
    rules = ["kmod-tipc-disabled"]
  }

  control "15ca11bf-034a-56d6-564f-2f857d1f96c6" {
    level = 1
    rules = ["rsyslog-selectors"]
  }

  control "8720959b-c356-4eaa-bb4f-720fb8006183" {
    level = 1
    rules = ["syslog-installed"]
  }

  control "7b3aa0e4-0464-4a0e-a265-9a585c4f266e" {
    level = 1
    rules = ["journal-persistent"]
  }

  control "4c4e42e2-4cd2-3eaf-147b-ea4f61164d3e" {
    level = 1
    rules = ["logging-service-enabled"]
  }

  control "fcc86485-487a-4644-87a0-f29f1b1cd28b" {
    level = 1
    rules = ["log-files-access"]
  }

  control "afd57de2-4365-9949-79f7-f8e92c198746" {
    level = 1
    rules = ["rsyslog-config-access"]
  }

  control "c1d99621-913e-45f7-96e1-a60b1af83015" {
    level = 1
    rules = ["log-files-access"]
  }

  control "2830790c-5b3f-43cb-be6b-7572e441acc1" {
    level = 1
    rules = ["log-files-access"]
  }

  control "1e9567e1-d96d-4f90-be1a-0809947e789c" {
    level = 1
    rules = ["rsyslog-no-receiver"]
  }

  control "2d2355e7-7b07-4c0e-a395-16499c27ae94" {
    level = 1
    rules = ["logrotate-runs"]
  }

  control "f57ef648-bdaa-45a3-9e3a-f4649c48896f" {
    level = 1
    rules = ["rlogin-off"]
  }

  control "a8a37e7f-9aae-41cf-8313-42d1f69506b9" {
    level = 1
    rules = ["inetd-not-in-use"]
  }

  control "1d9557b2-b58f-4f81-bde9-4f9b08a3b2f1" {
    level = 1
    rules = ["xinetd-not-in-use"]
  }

  control "0617b91c-2a28-42bd-b5b3-7562555b41ed" {
    level = 1
    rules = ["telnet-off"]
  }

  control "6c716f88-a252-4fe9-9c5c-ba9236a80beb" {
    level = 1
    rules = ["telnet-server-absent"]
  }

  control "dda66a42-30d1-4621-9565-f09628ac8047" {
    level = 1
    rules = ["rsh-off"]
  }

  control "b256491f-f804-4c44-bfa4-057dd2f44c30" {
    level = 1
    rules = ["rsh-server-absent"]
  }

  control "58f5187e-88bd-4f24-8570-2c295d5c93c6" {
    level = 1
    rules = ["ypbind-off", "nis-client-absent"]
  }

  control "cb086aef-fec2-467f-a03b-627c00020926" {
    level = 1
    rules = ["tftp-server-not-in-use"]
  }

  control "ae9ce111-ef4d-4d34-8f76-fdc38263f153" {
    level = 1
    rules = ["tftp-server-not-in-use"]
  }

  control "dbae0d26-55e9-49d5-8782-86cb7412f99f" {
    level = 1
    rules = ["readahead-absent"]
  }

  control "9f107bb8-eaf3-445d-acbb-7ab635b442e9" {
    level = 1
    rules = ["bluetooth-absent"]
  }

  control "51ebf409-911a-4d92-9d3a-1e331e7e4b27" {
    level = 1
    rules = ["isdn-off", "isdn-absent"]
  }

  control "290d7102-c4e3-4e88-863d-6ddc7e952a5a" {
    level = 1
    rules = ["kdump-off", "kdump-absent"]
  }

  control "083550af-f4fe-4e1a-a304-dac894d58908" {
    level = 1
    rules = ["avahi-not-in-use"]
  }

  control "80302f61-d760-4165-a92b-a789e579380f" {
    level = 1
    rules = ["cron-enabled"]
  }

  control "8199ae98-8d9c-4a26-88ca-e6d9b87d3644" {
    level = 1
    rules = ["anacrontab-access"]
  }

  control "efa30987-4c67-73f5-979f-cb50f79466de" {
    level = 1
    rules = ["cron-d-access"]
  }

  control "0cc35843-7687-60cf-5280-bb98cf9a87c2" {
    level = 1
    rules = ["cron-daily-access"]
  }

  control "ecdce8a2-9986-5833-8211-baf1938c1940" {
    level = 1
    rules = ["cron-hourly-access"]
  }

  control "b5e94c1f-4d12-8bde-4c5e-98c651bd4430" {
    level = 1
    rules = ["cron-monthly-access"]
  }

  control "61417e01-8cc4-86ab-0e3b-867d42dea66d" {
    level = 1
    rules = ["cron-weekly-access"]
  }

  control "7ac5f3c8-917b-548e-3138-c6e326a362fc" {
    level = 1
    rules = ["cron-users-limited", "at-users-limited"]
  }

  control "d8bba1aa-69e9-2caf-1632-72938ff6759a" {
    level = 1
    rules = ["issue-net-banner"]
  }

  control "14c168de-4508-a69d-0feb-2f1efe245a71" {
    level = 1
    rules = ["issue-banner"]
  }

  control "c3bf78d8-43a0-4768-b790-c940621057b6" {
    level = 1
    rules = ["avahi-not-in-use"]
  }

  control "4854666c-061b-4945-8a25-19133b8d5c7d" {
    level = 1
    rules = ["print-server-not-in-use"]
  }

  control "660fa012-ca99-4314-a2a8-11728020bac7" {
    level = 1
    rules = ["dhcp-server-not-in-use"]
  }

  control "43356a32-24bb-401c-9746-a27b2be668fa" {
    level = 1
    rules = ["sendmail-absent"]
  }

  control "f56bf32f-528f-48b3-9f82-62f5ff4e9787" {
    level = 1
    rules = ["postfix-absent"]
  }

  control "d0cc4e35-70a1-4ee5-b572-3b969201562e" {
    level = 1
    rules = ["postfix-local-only"]
  }

  control "b577b358-6ec9-4ed7-b0df-259e44713b16" {
    level = 1
    rules = ["ldap-server-not-in-use"]
  }

  control "9c11dc9f-ab7e-4c3f-923f-5a8fc4e97cb9" {
    level = 1
    rules = ["rpc-gssd-off"]
  }

  control "b600d670-5b01-4458-9143-8aa7cd25dadc" {
    level = 1
    rules = ["rpc-idmapd-off"]
  }

  control "f4a80328-1d67-45ed-b915-274d2e6c699e" {
    level = 1
    rules = ["rpcbind-not-in-use"]
  }

  control "ee372ff3-9221-498b-b467-7406bf421168" {
    level = 1
    rules = ["nfs-server-not-in-use"]
  }

  control "78963287-11b9-471b-9122-e6829e105989" {
    level = 1
    rules = ["rpc-svcgssd-off"]
  }

  control "361a6cb4-f761-426f-a9d0-9e82ec0b3285" {
    level = 1
    rules = ["dns-server-not-in-use"]
  }

  control "b0b6cf96-bd8a-40c5-b051-4615078a0bf0" {
    level = 1
    rules = ["mail-access-server-not-in-use"]
  }

  control "cc627f0c-3b72-6cc9-36b0-d2a3957431f4" {
    level = 1
    rules = ["no-legacy-account-entries"]
  }

  control "1a102d2e-76db-5ccf-3580-ccda064e8df3" {
    level = 1
    rules = ["no-legacy-account-entries"]
  }

  control "b487e075-15b4-0df1-550f-d8d5edd78eb4" {
    level = 1
    rules = ["no-legacy-account-entries"]
  }

  control "6ee7250d-142f-57db-25d0-c58207135059" {
    level = 1
    rules = ["password-max-days", "password-age-max"]
  }

  control "b7ac978f-0963-a61f-58ae-5cf84ab76b5d" {
    level = 1
    rules = ["password-warn-days", "password-age-warn"]
  }

  control "57bdeae2-863e-14fb-a463-d6ee64816b33" {
    level = 1
    rules = ["password-history"]
  }

  control "01ec5346-882b-485d-8960-01dedd608792" {
    level = 1
    rules = ["password-hash-new"]
  }

  control "50272a84-672d-4c11-a67e-9d058adaf67a" {
    level = 1
    rules = ["password-min-days", "password-age-min"]
  }

  control "7f84f3a4-360d-494c-aa1e-1e15ae9fc9ac" {
    level = 1
    rules = ["password-max-days", "password-age-max"]
  }

  control "91fbaeac-f5d0-4ac9-aa1b-52215aef1ed8" {
    level = 1
    rules = ["password-inactive-lock", "password-age-inactive"]
  }

  control "448b668a-738c-420b-b332-51ea49922933" {
    level = 1
    rules = ["system-accounts-no-shell"]
  }

  control "732fa92f-647e-47b8-b5a4-fdf00b02d9e2" {
    level = 1
    rules = ["root-default-group"]
  }

  control "b5845ff3-42f4-4112-b2a2-5b827232a053" {
    level = 1
    rules = ["root-only-uid-0"]
  }

  control "627b7494-0e62-4093-9f77-db8d526d036b" {
    level = 1
    rules = ["unneeded-accounts-absent"]
  }

  control "f9fd03d2-75e4-4564-84a9-4e955f1e7c30" {
    level = 1
    rules = ["auditd-installed"]
  }

  control "c146c4a4-5eb6-4205-88da-5a71a82f2d45" {
    level = 1
    rules = ["auditd-enabled"]
  }

  control "ca1aea32-3969-49ab-abfc-2c5796a9a8bb" {
    level = 1
    rules = ["snmp-server-not-in-use"]
  }

  control "63aba603-b1f8-40df-82c5-38915452ce23" {
    level = 1
    rules = ["rsync-daemon-not-in-use"]
  }

  control "b4ad3fdd-7b68-4b11-a3ed-84b37a68b995" {
    level = 1
    rules = ["nis-server-not-in-use"]
  }

  control "6d441f31-f888-4f4f-b1da-7cfc26263e3f" {
    level = 1
    rules = ["rsh-client-absent"]
  }

  control "7624efb0-3026-4c72-8920-48d5be78a50e" {
    level = 1
    rules = ["samba-server-not-in-use"]
  }
}
