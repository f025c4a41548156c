using Mayfly.Packages;
using Mayfly.Packages.Debian;

namespace Mayfly.Images.Tests.Equality;

/// <summary>A set of packages to install, over mmdebstrap's variant <c>apt</c> or <c>minbase</c>.</summary>
internal sealed record PackageSet(string Name, bool Apt, IReadOnlyList<string> Packages)
{
    public string Codename { get; init; } = "bookworm";

    /// <summary>The version of PostgreSQL in bookworm, which the documented list names; and in others, which its text does.</summary>
    private string PostgreSql => Codename switch { "trixie" => "17", "noble" => "16", _ => "15" };

    /// <summary>How the documented list writes a path.</summary>
    public string Listed(string path) => path.Replace($"/var/lib/postgresql/{PostgreSql}/", "/var/lib/postgresql/15/", StringComparison.Ordinal);

    /// <summary>It comes from an archive made of Debian's packages, which <see cref="UbuntuLayout"/> lays out as Ubuntu does.</summary>
    public bool Relaid { get; init; }

    /// <summary>Ubuntu's real archive is needed.</summary>
    public bool NeedsUbuntu => ReleaseLayout.Of(Codename).Distribution.Name == "ubuntu";

    /// <summary>Further architectures.</summary>
    public IReadOnlyList<string> Foreign { get; init; } = [];

    /// <summary>A date is inside what its scripts make: mmdebstrap's are told that of the archive in <c>SOURCE_DATE_EPOCH</c>, as ours are in any case.</summary>
    public bool Dated { get; init; }

    /// <summary>Packages that the lock is given later, and apt on the machine that has the others.</summary>
    public IReadOnlyList<string> Added { get; init; } = [];

    /// <summary>Numbers of accounts that both sides are given: every one that a script would choose.</summary>
    public IReadOnlyList<LockedId> Ids { get; init; } = [];
}

/// <summary>
/// Sets chosen because their scripts do what is hard to do alike; or any that <c>MAYFLY_SETS</c> names: those by their names, others as
/// <c>noble/apt/nginx,postgresql</c> and <c>trixie/minbase/</c>.
/// </summary>
internal static class PackageSets
{
    /// <summary>A small package with a manual page and an info file, whose installation sets off triggers.</summary>
    public const string Later = "hello";

    private static readonly PackageSet[] Listed =
    [
        Minimal("nothing"),
        Minimal("shop", [.. ReferenceImage.Requests]),
        Minimal("mariadb", "mariadb-server"),
        Minimal("redis", "redis-server"),
        Minimal("exim", "exim4"),
        Minimal("php", "php-fpm", "php-mysql"),
        Minimal("alternatives", "gawk", "vim", "dash", "original-awk"),
        Minimal("java", "ca-certificates-java", "default-jre-headless"),
        Minimal("manuals", "info", "man-db", "manpages"),
        Minimal("fonts", "fontconfig", "fonts-dejavu-core", "fonts-urw-base35"),
        Minimal("perl", "libdbi-perl", "libwww-perl", "spamassassin"),
        Minimal("python", "python3-numpy", "python3-requests", "python3-venv", "python3-yaml"),
        Minimal("capabilities", "iputils-ping", "libcap2-bin", "mtr-tiny", "tcpdump"),
        Minimal("ssh", "openssh-server"),
        Minimal("samba", "samba"),
        Minimal("docker", "docker.io"),
        Minimal("ruby", "ruby"),
        Minimal("volumes", "cryptsetup", "lvm2", "mdadm", "udev"),
        Minimal("development", "console-setup", "g++", "keyboard-configuration", "libc6-dev", "libssl-dev", "locales", "make", "tzdata"),
        Minimal("foreign", "libc6:i386", "libstdc++6", "libstdc++6:i386", "zlib1g", "zlib1g:i386") with { Foreign = ["i386"] },
        WithApt("apt"),
        WithApt("postgresql", "postgresql"),
        WithApt("apache", "apache2", "ca-certificates"),
        WithApt("systemd", "dbus", "libpam-systemd", "policykit-1", "systemd-sysv"),
        WithApt("node", "nodejs"),
        WithApt("emacs", "emacs-nox"),
        WithApt("dictionaries", "hunspell-en-us", "iamerican", "wamerican", "wngerman"),
        WithApt("logs", "anacron", "cron", "logrotate", "ntpsec", "rsyslog", "sudo"),
        WithApt("bind", "bind9"),
        WithApt("dovecot", "dovecot-imapd", "dovecot-pop3d"),
        WithApt("balancers", "haproxy", "varnish"),
        WithApt("rabbitmq", "rabbitmq-server"),
        WithApt("tomcat", "tomcat10"),
        WithApt("cups", "cups"),
        WithApt("discovery", "avahi-daemon", "dnsmasq"),
        WithApt("nfs", "nfs-common", "nfs-kernel-server"),
        WithApt("chrony", "chrony", "at", "screen"),
        WithApt("added", "redis-server") with { Added = ["man-db", "memcached", "ssl-cert"] },
        WithApt("numbers", "dbus", "exim4-daemon-light", "postgresql", "redis-server", "systemd-sysv") with
        {
            // No number is that which a program would choose, most users have another than their groups, and one is the number of another's group.
            Ids =
            [
                .. Numbers(LockedIdKind.User, ("systemd-network", 320), ("messagebus", 555), ("Debian-exim", 777), ("postgres", 444), ("redis", 445)),
                .. Numbers(LockedIdKind.Group, ("systemd-network", 321), ("systemd-journal", 101), ("messagebus", 444), ("Debian-exim", 150), ("postgres", 999), ("redis", 443), ("ssl-cert", 998)),
            ],
        },
        WithApt("gateways", "gunicorn", "uwsgi", "uwsgi-plugin-python3"),
        WithApt("kernel", "initramfs-tools", "linux-image-cloud-amd64", "systemd-sysv") with { Dated = true },
        WithApt("postfix", "postfix"),
        Minimal("trixie", "fuse3", "openssh-server", "python3-requests", "ssl-cert") with { Codename = "trixie", Added = ["apache2", "libpam-systemd", "redis-server", "systemd-sysv"] },
        WithApt("noble", "nginx", "python3-requests", "redis-server") with { Codename = "noble" },
        WithApt("layout", "redis-server", "ssl-cert") with { Relaid = true },
        WithApt("libvirt", "libvirt-daemon-system"),
        WithApt("brokers", "icecast2", "mosquitto", "privoxy", "prometheus-node-exporter", "squid"),
    ];

    public static IReadOnlyList<PackageSet> All { get; } = Environment.GetEnvironmentVariable("MAYFLY_SETS") is { Length: > 0 } given ? Given(given) : Listed;

    private static PackageSet[] Given(string sets) => [.. sets.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static set => set.Split('/'))
        .Select(static parts => parts.Length == 1 ? Listed.Single(set => set.Name == parts[0]) : new PackageSet($"{parts[0]}-{parts[1]}-{parts[2].Replace(',', '-')}", parts[1] == "apt", parts[2].Split(',', StringSplitOptions.RemoveEmptyEntries)) { Codename = parts[0] })];

    private static IEnumerable<LockedId> Numbers(LockedIdKind kind, params (string Name, int Id)[] accounts) => accounts.Select(account => new LockedId(account.Name, kind, account.Id));

    private static PackageSet Minimal(string name, params string[] packages) => new(name, false, packages);

    private static PackageSet WithApt(string name, params string[] packages) => new(name, true, packages);
}
