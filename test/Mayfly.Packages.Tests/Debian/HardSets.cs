using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>Requests drawn so that they get in one another's way: what one package excludes beside it, or what needs that, and kinds of which a machine has one.</summary>
internal sealed class HardSets
{
    /// <summary>Servers, tools and libraries that stand in for one another, or exclude one another's company.</summary>
    private static readonly string[][] Families =
    [
        ["exim4", "exim4-daemon-heavy", "postfix", "sendmail", "courier-mta", "nullmailer", "msmtp-mta", "opensmtpd", "dma", "esmtp-run", "mailman3-full", "bsd-mailx", "mailutils", "citadel-server", "dovecot-imapd", "courier-imap", "cyrus-imapd"],
        ["mariadb-server", "mariadb-client", "default-mysql-server", "default-libmysqlclient-dev", "libmariadb-dev-compat", "mariadb-plugin-rocksdb", "mariadb-server-galera", "galera-4", "mysql-router", "mariadb-backup"],
        ["php", "php-fpm", "libapache2-mod-php", "php-cgi", "php-mysql", "php-zmq", "libapache2-mod-php8.2", "php8.2-fpm", "phpmyadmin", "php-horde", "apache2", "nginx", "lighttpd", "libapache2-mod-fcgid", "libapache2-mpm-itk"],
        ["libcurl4-openssl-dev", "libcurl4-gnutls-dev", "libcurl4-nss-dev", "libssl-dev", "libgnutls28-dev", "libjpeg62-dev", "libjpeg-dev", "libopencv-dev", "libgdal-dev", "libmagickwand-dev", "libgraphicsmagick1-dev", "libdb5.3-dev", "libopenmpi-dev", "libmpich-dev", "libhdf5-openmpi-dev", "libhdf5-mpich-dev", "libhdf5-dev", "libfftw3-dev", "libatlas-base-dev", "libopenblas-dev", "libfuse-dev", "libfuse3-dev", "libpcap-dev", "libpgsql-ruby", "libncurses-dev", "unixodbc-dev", "libiodbc2-dev"],
        ["systemd-sysv", "sysvinit-core", "runit-init", "elogind", "libpam-systemd", "libpam-elogind", "cron", "cronie", "systemd-cron", "bcron", "rsyslog", "syslog-ng", "inetutils-syslogd", "busybox-syslogd", "network-manager", "policykit-1", "gdm3", "lightdm"],
        ["chrony", "ntpsec", "openntpd", "systemd-timesyncd", "resolvconf", "openresolv", "systemd-resolved", "dnsmasq", "bind9", "unbound", "inetutils-inetd", "openbsd-inetd", "xinetd", "rlinetd", "telnetd", "ftpd", "vsftpd", "proftpd-core", "pure-ftpd"],
    ];

    private readonly DebianIndex _index;
    private readonly string[] _names;
    private readonly Lazy<ILookup<string, string>> _needing;

    public HardSets(DebianIndex index)
    {
        _index = index;
        _names = [.. index.Names];
        _needing = new(() => _names.Select(index.Candidate).OfType<BinaryPackage>()
            .SelectMany(static package => package.Depends.SelectMany(static dependency => dependency.Alternatives).Select(relation => (relation.Name, package.Key)))
            .ToLookup(static pair => pair.Name, static pair => pair.Key, StringComparer.Ordinal));
    }

    /// <summary>The same sets from the same seed and index.</summary>
    public IReadOnlyList<string[]> Draw(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(number => (number % 3 == 0 ? Family(random) : Excluding(random, number % 3 == 1)).Distinct().Order(StringComparer.Ordinal).ToArray())];
    }

    private IEnumerable<string> Family(Random random)
    {
        var (one, other) = (Of(random, Families), Of(random, Families));
        return ((string[])[Of(random, one), Of(random, one), Of(random, other)]).Where(name => _index.Candidate(name) is not null);
    }

    /// <summary>A package, something that it excludes or that needs what it excludes, and perhaps any third.</summary>
    private IEnumerable<string> Excluding(Random random, bool itself)
    {
        while (true)
        {
            if (_index.Candidate(Of(random, _names)) is not { } package || Excluded(package) is not { Count: > 0 } excluded)
                continue;
            var other = Of(random, excluded).Key;
            if (!itself)
            {
                if (!_needing.Value.Contains(other))
                    continue;
                other = Of(random, [.. _needing.Value[other]]);
            }

            return random.Next(2) == 0 ? [package.Key, other] : [package.Key, other, Of(random, _names)];
        }
    }

    private List<BinaryPackage> Excluded(BinaryPackage package) =>
    [
        .. package.Conflicts.Concat(package.Breaks).SelectMany(static dependency => dependency.Alternatives)
            .SelectMany(relation => _index.Providers(relation.Name).Append(_index.Candidate(relation.Name)).OfType<BinaryPackage>()
                .Where(other => other.Name != package.Name && _index.Candidate(other.Key) == other && other.Meets(relation, other.Home))).Distinct(),
    ];

    private static T Of<T>(Random random, IReadOnlyList<T> list) => list[random.Next(list.Count)];
}
