using System.IO.Enumeration;

namespace Mayfly.Images;

/// <summary>
/// Something that a package's scripts generate for one machine alone, such as a private key: an image that is cloned must not hold it, so
/// it is taken out of the layer, and made anew when an instance starts for the first time. So is what comes out otherwise every time and cannot be settled.
/// </summary>
/// <remarks>The whole table is <see cref="Table"/>; docs/concepts/images.md lists it, which a test compares.</remarks>
public sealed record LeftOut
{
    private LeftOut()
    {
    }

    /// <summary>A word for it, which the records of layers and images hold.</summary>
    public required string Name { get; init; }

    /// <summary>The package whose scripts generate it.</summary>
    public required string Package { get; init; }

    /// <summary>What is taken out: paths below the root, where <c>*</c> in a part stands for any characters.</summary>
    public required IReadOnlyList<string> Paths { get; init; }

    /// <summary>Links in this folder that lead to the last one of <see cref="Paths"/> go too.</summary>
    public string? LinkFolder { get; init; }

    /// <summary>The file stays, and is empty.</summary>
    public bool IsEmptied { get; init; }

    /// <summary>
    /// The files stay, and so does everything in them but a secret: that which follows this text in <see cref="Sign"/>, up to a quotation mark like this text's last, or to the
    /// end of the line where that is none. In its place, there, in <see cref="Paths"/> and wherever else configuration repeats it, stands <see cref="Placeholder"/>.
    /// </summary>
    public string? Before { get; init; }

    /// <summary>What stands for a secret until it is made.</summary>
    public string Placeholder => $"left-out-{Name}";

    /// <summary>Also what a recipe's own command makes is taken out; otherwise that stays, since whoever wrote the command wanted it.</summary>
    public bool OfCommandsToo { get; init; }

    /// <summary>A server's data, made without debconf and without anything else of the table.</summary>
    public bool IsDatabase { get; init; }

    /// <summary>It needs to be made only where this file is missing or empty; a pattern as in <see cref="Paths"/>.</summary>
    public required string Sign { get; init; }

    /// <summary>A file of those images whose server makes the like for itself in a volume, and has no use for this: a preset's.</summary>
    public string? Unless { get; init; }

    /// <summary>A shell script that makes it as the package would, run as root inside the image.</summary>
    public required string Script { get; init; }

    /// <summary>Everything that is taken out, in the order in which it is made again.</summary>
    public static IReadOnlyList<LeftOut> Table { get; } =
    [
        // systemd would fill an empty one when it boots, machine-id(5); in an instance it does not.
        new()
        {
            Name = "machine-id", Package = "systemd", Paths = ["etc/machine-id"], IsEmptied = true, OfCommandsToo = true, Sign = "etc/machine-id",
            Script = "tr -d - < /proc/sys/kernel/random/uuid > /etc/machine-id && chmod 444 /etc/machine-id",
        },
        new()
        {
            Name = "dbus-machine-id", Package = "dbus", Paths = ["var/lib/dbus/machine-id"], OfCommandsToo = true, Sign = "var/lib/dbus/machine-id",
            Script = "dbus-uuidgen --ensure",
        },
        new()
        {
            Name = "ssl-cert", Package = "ssl-cert", Paths = ["etc/ssl/private/ssl-cert-snakeoil.key", "etc/ssl/certs/ssl-cert-snakeoil.pem"],
            LinkFolder = "etc/ssl/certs", Sign = "etc/ssl/private/ssl-cert-snakeoil.key",
            Script = "make-ssl-cert generate-default-snakeoil",
        },
        new()
        {
            Name = "ssh-host-keys", Package = "openssh-server", Paths = ["etc/ssh/ssh_host_*"], Sign = "etc/ssh/ssh_host_ed25519_key",
            Script = "ssh-keygen -A",
        },
        new()
        {
            Name = "rndc-key", Package = "bind9", Paths = ["etc/bind/rndc.key"], Sign = "etc/bind/rndc.key",
            Script = "rndc-confgen -a && chown bind:bind /etc/bind/rndc.key && chmod 640 /etc/bind/rndc.key",
        },
        new()
        {
            Name = "nsd-keys", Package = "nsd", Paths = ["etc/nsd/nsd_*.key", "etc/nsd/nsd_*.pem"], Sign = "etc/nsd/nsd_server.key",
            Script = "nsd-control-setup",
        },
        new()
        {
            Name = "varnish-secret", Package = "varnish", Paths = ["etc/varnish/secret"], Sign = "etc/varnish/secret",
            Script = "install -m 0600 /proc/sys/kernel/random/uuid /etc/varnish/secret",
        },
        new()
        {
            Name = "erlang-cookie", Package = "rabbitmq-server", Paths = ["var/lib/rabbitmq/.erlang.cookie"], Sign = "var/lib/rabbitmq/.erlang.cookie",
            Script = "umask 077; openssl rand -base64 -out /var/lib/rabbitmq/.erlang.cookie 42 && chown rabbitmq:rabbitmq /var/lib/rabbitmq/.erlang.cookie && chmod 400 /var/lib/rabbitmq/.erlang.cookie",
        },
        new()
        {
            Name = "ejabberd-certificate", Package = "ejabberd", Paths = ["etc/ejabberd/ejabberd.pem"], Sign = "etc/ejabberd/ejabberd.pem",
            Script = "umask 077; cd /etc/ejabberd; openssl req -new -x509 -days 365 -nodes -subj \"/O=$(hostname -d)/OU=$(hostname -s)/CN=ejabberd/emailAddress=root@$(hostname -f)\" -out ejabberd.pem -keyout ejabberd.pem && chown root:ejabberd ejabberd.pem && chmod 640 ejabberd.pem",
        },
        // With the keys goes what they sign. The passphrases are debconf's.
        Again("tripwire-keys", "tripwire", "etc/tripwire/site.key", "etc/tripwire/*-local.key", "etc/tripwire/tw.cfg", "etc/tripwire/tw.pol"),
        new()
        {
            Name = "munge-key", Package = "munge", Paths = ["etc/munge/munge.key"], Sign = "etc/munge/munge.key",
            Script = "su munge -s /bin/sh -c 'mungekey -c'",
        },
        Again("radius-parameters", "freeradius-config", "etc/freeradius/3.0/certs/dh"),
        Again("dropbear-host-keys", "dropbear", "etc/dropbear/dropbear_ed25519_host_key", "etc/dropbear/dropbear_ecdsa_host_key", "etc/dropbear/dropbear_rsa_host_key"),
        Again("cfengine-keys", "cfengine3", "var/lib/cfengine3/ppkeys/localhost.priv", "var/lib/cfengine3/ppkeys/localhost.pub"),
        Again("ircd-keys", "ircd-hybrid", "etc/ircd-hybrid/key/ircd.key", "etc/ircd-hybrid/key/ircd.pem", "etc/ircd-hybrid/key/dhparam.pem"),
        Again("courier-parameters", "courier-base", "etc/courier/dhparams.pem"),
        Again("courier-imap-certificate", "courier-imap", "etc/courier/imapd.pem"),
        Again("courier-pop-certificate", "courier-pop", "etc/courier/pop3d.pem"),
        Again("courier-smtp-certificate", "courier-mta", "etc/courier/esmtpd.pem"),
        Again("postsrsd-secret", "postsrsd", "etc/postsrsd.secret"),
        Again("telnetd-certificate", "telnetd-ssl", "etc/telnetd-ssl/telnetd.pem"),
        Again("simplesaml-secrets", "simplesamlphp", "var/lib/simplesamlphp/secrets.inc.php"),
        Again("xrdp-keys", "xrdp", "etc/xrdp/rsakeys.ini"),
        // Also the minute at which each machine reports, so that not all do at once.
        Again("popularity-identity", "popularity-contest", "etc/popularity-contest.conf", "etc/cron.d/popularity-contest"),
        Secret("apticron-time", "apticron", "etc/cron.d/apticron", "# cron entry for apticron\n\n", "echo \"$(shuf -i 0-59 -n 1) * * * * root if test -x /usr/sbin/apticron; then /usr/sbin/apticron --cron; else true; fi\""),
        // As apticron, and here a program of the package writes the whole file.
        new()
        {
            Name = "debsecan-time", Package = "debsecan", Paths = ["etc/cron.d/debsecan"], Sign = "etc/cron.d/debsecan",
            Script = "debsecan-create-cron",
        },
        Secret("miniupnpd-uuid", "miniupnpd", "etc/miniupnpd/miniupnpd.conf", "uuid=", "cat /proc/sys/kernel/random/uuid"),
        Secret("iscsi-name", "open-iscsi", "etc/iscsi/initiatorname.iscsi", "InitiatorName=", "iscsi-iname -p iqn.1993-08.org.debian:01"),
        new()
        {
            Name = "redmine-key", Package = "redmine", Paths = ["etc/redmine/*/secret_key.txt"], Sign = "etc/redmine/default/secret_key.txt",
            Script = "cd /etc/redmine/default; ruby -rsecurerandom -e 'puts SecureRandom.hex(16)' > secret_key.txt && chown root:www-data secret_key.txt && chmod 640 secret_key.txt",
        },
        // The administrator's password is salted, and rows hold when they were made.
        Again("redmine-database", "redmine", "var/lib/dbconfig-common/sqlite3/redmine/instances/default/redmine_default"),
        // The file is nothing but the secret, and debconf keeps another to tell it to whoever installs.
        Secret("freedombox-secret", "freedombox", "var/lib/plinth/firstboot-wizard-secret", "", "tr -dc A-Za-z0-9 < /dev/urandom | head -c 16", "var/cache/debconf/config.dat"),
        Secret("roundcube-key", "roundcube-core", "etc/roundcube/config.inc.php", "$config['des_key'] = '", 24),
        Secret("phpmyadmin-key", "phpmyadmin", "var/lib/phpmyadmin/blowfish_secret.inc.php", "$cfg['blowfish_secret'] = '", 32),
        Secret("mailman-password", "mailman3", "etc/mailman3/mailman.cfg", "admin_pass: ", 48),
        Secret("mailman-web-key", "mailman3-web", "etc/mailman3/mailman-web.py", "SECRET_KEY = '", 48),
        Secret("mailman-archiver-key", "mailman3-web", "etc/mailman3/mailman-web.py", "MAILMAN_ARCHIVER_KEY = '", 32),
        // debconf has forgotten the password of which this is the digest, and nobody was told it.
        Secret("backuppc-password", "backuppc", "etc/backuppc/htpasswd", "backuppc:", "htpasswd -nbm backuppc \"$(tr -dc A-Za-z0-9 < /dev/urandom | head -c 12)\" | sed -n 's/^backuppc://p'"),
        Secret("zoneminder-salt", "zoneminder", "etc/zm/core.php", "Configure::write('Security.salt', '", 29),
        Secret("zoneminder-seed", "zoneminder", "etc/zm/core.php", "Configure::write('Security.cipherSeed', '", "tr -dc 0-9 < /dev/urandom | head -c 40"),
        Secret("shadowsocks-password", "shadowsocks-libev", "etc/shadowsocks-libev/config.json", "\"password\":\"", 12),
        .. ((string[])["DIR", "DIRM", "FD", "FDM", "SD", "SDM"]).Select(static daemon => Secret($"bacula-{daemon.ToLowerInvariant()}-password", "bacula-common", "etc/bacula/common_default_passwords", $"{daemon}PASSWD=", 33)),
        Secret("dbconfig-password", "dbconfig-common", "etc/dbconfig-common/*.conf", "dbc_dbpass='", 12),
        new()
        {
            Name = "nvme-identity", Package = "nvme-cli", Paths = ["etc/nvme/hostnqn", "etc/nvme/hostid"], Sign = "etc/nvme/hostid",
            Script = "nvme gen-hostnqn > /etc/nvme/hostnqn && uuidgen > /etc/nvme/hostid",
        },
        // Nothing secret, but never twice the same: Lua shuffles its tables by the time and by where it is in memory, and TeX itself writes the day.
        new()
        {
            Name = "tex-formats", Package = "texlive-base", Paths = ["var/lib/texmf/web2c/lua*/*.fmt", "var/lib/texmf/web2c/tex/*.fmt"], Sign = "var/lib/texmf/web2c/tex/tex.fmt",
            Script = "fmtutil-sys --missing",
        },
        // The configuration in /etc stays in the image. postgresql-common's own functions choose the locale, pg_createcluster the options. They ask pam_getenv fifteen
        // times, which reads these two files alone, and that was a seventh of the whole.
        new()
        {
            Name = "postgresql-cluster", Package = "postgresql", IsDatabase = true, Paths = ["var/lib/postgresql/*/*/*"], Sign = "var/lib/postgresql/*/main/PG_VERSION",
            Script = ". /usr/share/postgresql-common/maintscripts-functions; grep -qs -e '^[^#]*LANG' -e '^[^#]*LC_' /etc/environment /etc/security/pam_env.conf || pam_getenv() { :; }; set_system_locale; cd /etc/postgresql; for main in */main; do if ! test -s /var/lib/postgresql/$main/PG_VERSION; then etc=$(mktemp -d); chmod 755 $etc; PG_CLUSTER_CONF_ROOT=$etc pg_createcluster -u postgres --no-status ${main%/main} main; rm -r $etc; fi; done",
        },
        // As its postinst does, which marks the version too.
        new()
        {
            Name = "mysql-database", Package = "mariadb-server", IsDatabase = true, Paths = ["var/lib/mysql/*"], Sign = "var/lib/mysql/ibdata1", Unless = "etc/mayfly/mariadb.cnf",
            Script = "touch /var/lib/mysql/$(grep -om1 'debian-[0-9.]*flag' /var/lib/dpkg/info/mariadb-server.postinst); TMPDIR= mariadb-install-db --rpm --cross-bootstrap --user=mysql --disable-log-bin --skip-test-db",
        },
        // Its postinst would write the configuration anew as well.
        new()
        {
            Name = "heimdal-database", Package = "heimdal-kdc", Paths = ["var/lib/heimdal-kdc/m-key", "var/lib/heimdal-kdc/heimdal.db", "var/lib/heimdal-kdc/log"], Sign = "var/lib/heimdal-kdc/heimdal.db",
            Script = "realm=$(sed -n 's/^[[:space:]]*default_realm *= *//p' /etc/krb5.conf); kstash -k /var/lib/heimdal-kdc/m-key --random-key; kadmin -l init --realm-max-ticket-life=unlimited --realm-max-renewable-life=unlimited ${realm:-$(hostname -d | tr a-z A-Z)}",
        },
        Again("ldap-directory", "slapd", "etc/ldap/slapd.d/cn=config.ldif", "etc/ldap/slapd.d/*", "var/lib/ldap/*"),
    ];

    /// <summary>Made by the package's own postinst, which makes what it does not find. With a root that it takes for another one's it starts nothing.</summary>
    private static LeftOut Again(string name, string package, string sign, params string[] others) => new()
    {
        Name = name,
        Package = package,
        Paths = [sign, .. others],
        Sign = sign,
        Script = $"DPKG_ROOT=/ DPKG_MAINTSCRIPT_NAME=postinst DPKG_MAINTSCRIPT_PACKAGE={package} /var/lib/dpkg/info/{package}.postinst configure",
    };

    private static LeftOut Secret(string name, string package, string path, string before, int length) => Secret(name, package, path, before, $"tr -dc A-Za-z0-9 < /dev/urandom | head -c {length}");

    private static LeftOut Secret(string name, string package, string path, string before, string made, params string[] others) => new()
    {
        Name = name,
        Package = package,
        Paths = [path, .. others],
        Before = before,
        Sign = path,
        Script = $"key=$({made}); sed -i \"s#left-out-{name}#$key#g\" $(grep -rlsF left-out-{name} /etc{string.Concat(((string[])[path, .. others]).Select(static file => $" /{file}"))})",
    };

    /// <summary>True when a volume at this absolute path of an instance would cover <see cref="Sign"/>.</summary>
    public bool IsBelow(string folder)
    {
        var (parts, above) = (Sign.Split('/'), folder.Split('/', StringSplitOptions.RemoveEmptyEntries));
        return above.Length < parts.Length && above.Zip(parts).All(static pair => FileSystemName.MatchesSimpleExpression(pair.Second, pair.First, ignoreCase: false));
    }
}
