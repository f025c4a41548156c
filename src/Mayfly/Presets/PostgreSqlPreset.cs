using System.Globalization;
using Mayfly.Images;
using Mayfly.Machines;

namespace Mayfly.Presets;

/// <summary>What a PostgreSQL is asked to keep.</summary>
public sealed record PostgreSqlOptions
{
    public required string Database { get; init; }

    /// <summary>The role that owns the database; the database's own name unless said otherwise.</summary>
    public string? Role { get; init; }

    /// <summary>The secret that holds the role's password.</summary>
    public required string PasswordSecret { get; init; }

    /// <summary>Debian 12 has PostgreSQL 15.</summary>
    public int Version { get; init; } = 15;

    public int Port { get; init; } = 5432;

    public int Connections { get; init; } = 100;

    public int SharedBuffersMegabytes { get; init; } = 128;

    /// <summary>More lines for postgresql.conf.</summary>
    public string Extra { get; init; } = "";
}

/// <summary>One PostgreSQL cluster with one role and one database.</summary>
/// <remarks>
/// The cluster lies in the volume, its configuration in the image: a copied volume is data alone, and a change of the
/// configuration is a change of the script. Debian's own cluster is never made (<c>createcluster.d</c>), which also keeps
/// its forty megabytes out of the image. An empty volume gets a cluster, made aside and renamed, so that one killed half-way
/// is never taken for whole. Role, password and database are set at every start by the single-user server, which listens
/// nowhere; so a changed secret holds after a restart. It also does the recovery after a crash.
/// <para>
/// <c>postmaster.pid</c> means nothing across process namespaces. <c>flock</c> (of util-linux, so in every image) holds a lock
/// in the volume instead, that ends with the last process of the server; a second server on the same volume is refused.
/// </para>
/// <para>Needs a writable <c>/dev/shm</c> of 64 MB, as every OCI runtime mounts it.</para>
/// </remarks>
public static class PostgreSqlPreset
{
    private const string PasswordVariable = "MAYFLY_DATABASE_PASSWORD";
    private const string ConfigFolder = "/etc/mayfly/postgresql";
    private const string PreparePath = "/usr/local/lib/mayfly/postgresql-prepare";
    private const string Home = "/var/lib/postgresql";

    public static ServicePreset Build(PostgreSqlOptions options)
    {
        var database = DatabaseName.Check(options.Database, "database");
        var role = DatabaseName.Check(options.Role ?? options.Database, "role");
        var programs = string.Create(CultureInfo.InvariantCulture, $"/usr/lib/postgresql/{options.Version}/bin");
        return new ServicePreset
        {
            Packages = [string.Create(CultureInfo.InvariantCulture, $"postgresql-{options.Version}")],
            Before = [new ImageFile { Path = "/etc/postgresql-common/createcluster.d/mayfly.conf", Text = "create_main_cluster = false\n" }],
            Files =
            [
                new ImageFile { Path = $"{ConfigFolder}/postgresql.conf", Text = Config(options) },
                new ImageFile { Path = $"{ConfigFolder}/pg_hba.conf", Text = Access },
                new ImageFile { Path = $"{ConfigFolder}/pg_ident.conf", Text = "" },
                new ImageFile { Path = PreparePath, Text = Prepare(options, programs, role, database), Mode = 0b111_101_101 },
            ],
            Prepare = [[PreparePath]],
            // The server itself has no use for the password.
            Command =
            [
                "/usr/bin/env", $"--unset={PasswordVariable}",
                "/usr/bin/flock", "--nonblock", "--no-fork", $"{Home}/.lock",
                $"{programs}/postgres", "-c", $"config_file={ConfigFolder}/postgresql.conf",
            ],
            User = "postgres",
            WorkingDirectory = Home,
            Environment = new Dictionary<string, string> { ["LANG"] = "C.UTF-8" },
            Secrets = [new SecretUse(options.PasswordSecret, PasswordVariable, null)],
            RuntimeDirectories = [new RuntimeDirectory("/run/postgresql", "postgres:postgres")],
            Volumes = [new ServiceVolume(Home, "postgres:postgres", 0b111_101_000)],
            Ports = [new PortSpec(options.Port, "postgresql")],
            // It accepts connections while it still recovers, and refuses the sessions: pg_isready tells the two apart.
            Health = new HealthCheck
            {
                Kind = HealthCheckKind.Command,
                Command = [$"{programs}/pg_isready", "--quiet", "--host=/run/postgresql", "--username=postgres", "--dbname=postgres", string.Create(CultureInfo.InvariantCulture, $"--port={options.Port}")],
            },
            // INT is the fast shutdown: sessions end, the checkpoint is written. TERM would wait for the last client.
            StopSignal = "SIGINT",
            StopTimeout = TimeSpan.FromSeconds(60),
            Offers =
            [
                new ServiceOffer(
                    "DATABASE_URL",
                    string.Create(CultureInfo.InvariantCulture, $"postgres://{role}:{{secret}}@{{host}}:{options.Port}/{database}"),
                    options.PasswordSecret),
            ],
        };
    }

    private const string Access = """
        # Rendered by Mayfly. Over the socket each user is what the kernel says; over the network everybody needs a password.
        local  all          all         peer
        host   all          all  all    scram-sha-256
        host   replication  all  all    scram-sha-256

        """;

    private static string Config(PostgreSqlOptions options) => string.Create(CultureInfo.InvariantCulture, $"""
        # Rendered by Mayfly. Logs to standard error.
        data_directory = '{Home}/{options.Version}/main'
        hba_file = '{ConfigFolder}/pg_hba.conf'
        ident_file = '{ConfigFolder}/pg_ident.conf'
        listen_addresses = '*'
        port = {options.Port}
        unix_socket_directories = '/run/postgresql'
        max_connections = {options.Connections}
        shared_buffers = {options.SharedBuffersMegabytes}MB
        dynamic_shared_memory_type = posix
        password_encryption = scram-sha-256
        max_wal_size = 512MB
        min_wal_size = 80MB
        logging_collector = off
        log_destination = stderr
        log_line_prefix = '%q%u@%d '
        log_timezone = 'UTC'
        timezone = 'UTC'
        {NginxPreset.Indented(options.Extra, 0)}
        """);

    private static string Prepare(PostgreSqlOptions options, string programs, string role, string database) => $$"""
        #!/bin/sh
        # Rendered by Mayfly. Runs as postgres before the server, at every start.
        set -eu
        umask 077
        data={{Home}}/{{options.Version.ToString(CultureInfo.InvariantCulture)}}/main
        secret=${{{PasswordVariable}}:?holds no password}
        newline='
        '
        case $secret in *"$newline"*) echo 'the password must be one line' >&2; exit 1 ;; esac

        # Held until this script ends; the server takes its own.
        exec 9> {{Home}}/.lock
        flock --nonblock 9 || { echo 'another server uses this volume' >&2; exit 1; }

        if [ ! -s "$data/PG_VERSION" ]; then
            rm -rf "$data.new"
            mkdir -p "${data%/*}"
            {{programs}}/initdb --pgdata="$data.new" --encoding=UTF8 --locale=C.UTF-8 --data-checksums --no-sync \
                --auth-local=peer --auth-host=scram-sha-256 --no-instructions > "$data.log" 2>&1 || { cat "$data.log" >&2; exit 1; }
            sync -f "$data.new"
            mv -T "$data.new" "$data"
            rm -f "$data.log"
        fi

        # A standby follows its primary, which has the role already.
        [ ! -e "$data/standby.signal" ] || exit 0
        # The lock above says that no server runs here: a pid file is one that a crash has left.
        rm -f "$data/postmaster.pid"

        single() {
            {{programs}}/postgres --single -c config_file={{ConfigFolder}}/postgresql.conf \
                -c exit_on_error=on -c log_checkpoints=off -c log_min_messages=error -c log_min_error_statement=panic postgres
        }
        quoted=$(printf %s "$secret" | sed "s/'/''/g")
        found=$(single <<SQL
        DO \$\$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{{role}}') THEN CREATE ROLE "{{role}}"; END IF; END \$\$
        ALTER ROLE "{{role}}" LOGIN PASSWORD '$quoted'
        SELECT 'yes' AS present FROM pg_database WHERE datname = '{{database}}'
        SQL
        )
        case $found in
            *'present = "yes"'*) ;;
            *) single > /dev/null <<SQL
        CREATE DATABASE "{{database}}" OWNER "{{role}}" TEMPLATE template0 ENCODING 'UTF8'
        SQL
            ;;
        esac

        """;
}
