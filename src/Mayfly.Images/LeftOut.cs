namespace Mayfly.Images;

/// <summary>
/// Something that a package's scripts generate for one machine alone, such as a private key: an image that is cloned must not hold it, so
/// it is taken out of the layer, and made anew when an instance starts for the first time.
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

    /// <summary>Also what a recipe's own command makes is taken out; otherwise that stays, since whoever wrote the command wanted it.</summary>
    public bool OfCommandsToo { get; init; }

    /// <summary>It needs to be made only where this file is missing or empty. Null where there is no script.</summary>
    public string? Sign { get; init; }

    /// <summary>A shell script that makes it as the package would, run as root inside the image. Null when it is data, which belongs into a volume.</summary>
    public string? Script { get; init; }

    /// <summary>Who makes it, where no script does.</summary>
    public string? MadeBy { get; init; }

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
            Name = "postgresql-cluster", Package = "postgresql", Paths = ["var/lib/postgresql/*/*/*"],
            MadeBy = "`initdb` on the volume; the preset does it",
        },
        new()
        {
            Name = "mysql-database", Package = "mariadb-server", Paths = ["var/lib/mysql/*"],
            MadeBy = "`mariadb-install-db` on the volume; the preset does it",
        },
    ];
}
