using System.Globalization;
using Mayfly.Images;
using Mayfly.Machines;

namespace Mayfly.Presets;

/// <summary>What a MariaDB is asked to keep.</summary>
public sealed record MariaDbOptions
{
    public required string Database { get; init; }

    /// <summary>The user that may do everything in the database; the database's own name unless said otherwise.</summary>
    public string? Role { get; init; }

    /// <summary>The secret that holds the user's password.</summary>
    public required string PasswordSecret { get; init; }

    public int Port { get; init; } = 3306;

    public int Connections { get; init; } = 100;

    public int BufferPoolMegabytes { get; init; } = 128;

    /// <summary>More lines for the <c>[mariadbd]</c> group.</summary>
    public string Extra { get; init; } = "";
}

/// <summary>One MariaDB server with one user and one database.</summary>
/// <remarks>
/// As with PostgreSQL the data lies in the volume and the configuration in the image; an empty volume gets its system tables
/// aside, and a rename makes them count. User, password and database are set at every start by a file of SQL on the tmpfs,
/// which the server runs before it accepts connections. That an image has this configuration keeps its instances from making the
/// package's own database at their first start. InnoDB locks its own files, so a second server on one volume is refused.
/// </remarks>
public static class MariaDbPreset
{
    private const string PasswordVariable = "MAYFLY_DATABASE_PASSWORD";
    private const string ConfigPath = "/etc/mayfly/mariadb.cnf";
    private const string PreparePath = "/usr/local/lib/mayfly/mariadb-prepare";
    private const string Home = "/var/lib/mysql";

    public static ServicePreset Build(MariaDbOptions options)
    {
        var database = DatabaseName.Check(options.Database, "database");
        var role = DatabaseName.Check(options.Role ?? options.Database, "role");
        return new ServicePreset
        {
            Packages = ["mariadb-server"],
            // The package makes a database of its own when it is configured, with a log of 96 MB that no one will read.
            Before = [new ImageFile { Path = "/etc/mysql/conf.d/mayfly.cnf", Text = "[mariadbd]\ninnodb_log_file_size = 4M\n" }],
            Files =
            [
                new ImageFile { Path = ConfigPath, Text = Config(options) },
                new ImageFile { Path = PreparePath, Text = Prepare(role, database), Mode = 0b111_101_101 },
            ],
            Prepare = [[PreparePath]],
            Command = ["/usr/bin/env", $"--unset={PasswordVariable}", "/usr/sbin/mariadbd", $"--defaults-file={ConfigPath}"],
            User = "mysql",
            WorkingDirectory = Home,
            Environment = new Dictionary<string, string> { ["LANG"] = "C.UTF-8" },
            Secrets = [new SecretUse(options.PasswordSecret, PasswordVariable, null)],
            RuntimeDirectories = [new RuntimeDirectory("/run/mysqld", "mysql:mysql")],
            Volumes = [new ServiceVolume(Home, "mysql:mysql", 0b111_101_000)],
            Ports = [new PortSpec(options.Port, "mysql")],
            Health = new HealthCheck
            {
                Kind = HealthCheckKind.Command,
                Command = ["/usr/bin/mariadb-admin", "--no-defaults", "--socket=/run/mysqld/mysqld.sock", "--silent", "ping"],
            },
            StopTimeout = TimeSpan.FromSeconds(60),
            Offers =
            [
                new ServiceOffer(
                    "DATABASE_URL",
                    string.Create(CultureInfo.InvariantCulture, $"mysql://{role}:{{secret}}@{{host}}:{options.Port}/{database}"),
                    options.PasswordSecret),
            ],
        };
    }

    private static string Config(MariaDbOptions options) => string.Create(CultureInfo.InvariantCulture, $"""
        # Rendered by Mayfly. Logs to standard error.
        [mariadbd]
        datadir = {Home}/main
        socket = /run/mysqld/mysqld.sock
        pid_file = /run/mysqld/mysqld.pid
        init_file = /run/mysqld/init.sql
        bind_address = *
        port = {options.Port}
        max_connections = {options.Connections}
        skip_name_resolve = on
        character_set_server = utf8mb4
        collation_server = utf8mb4_unicode_ci
        innodb_buffer_pool_size = {options.BufferPoolMegabytes}M
        innodb_log_file_size = 48M
        # io_uring is closed to containers by most seccomp profiles.
        innodb_use_native_aio = off
        {NginxPreset.Indented(options.Extra, 0)}
        """);

    private static string Prepare(string role, string database) => $$"""
        #!/bin/sh
        # Rendered by Mayfly. Runs as mysql before the server, at every start.
        set -eu
        umask 077
        data={{Home}}/main
        secret=${{{PasswordVariable}}:?holds no password}

        if [ ! -d "$data/mysql" ]; then
            rm -rf "$data.new"
            mariadb-install-db --no-defaults --datadir="$data.new" --basedir=/usr --cross-bootstrap --skip-test-db \
                --auth-root-authentication-method=socket --auth-root-socket-user=mysql \
                --innodb-log-file-size=48M --innodb-use-native-aio=off > {{Home}}/install.log 2>&1 || { cat {{Home}}/install.log >&2; exit 1; }
            sync -f "$data.new"
            mv -T "$data.new" "$data"
            rm -f {{Home}}/install.log
        fi

        quoted=$(printf %s "$secret" | sed "s/\\\\/\\\\\\\\/g; s/'/''/g")
        cat > /run/mysqld/init.sql <<SQL
        CREATE DATABASE IF NOT EXISTS {{database}} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
        CREATE USER IF NOT EXISTS '{{role}}'@'%';
        ALTER USER '{{role}}'@'%' IDENTIFIED BY '$quoted';
        GRANT ALL PRIVILEGES ON {{database}}.* TO '{{role}}'@'%';
        SQL

        """;
}
