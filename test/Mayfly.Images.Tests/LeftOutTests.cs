using Mayfly.Images.Layers;
using Mayfly.Images.Tests.Equality;

namespace Mayfly.Images.Tests;

public sealed class LeftOutTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mayfly-left-out-");

    [Fact]
    public void The_documentation_lists_exactly_what_is_left_out_and_how_it_is_made()
    {
        var document = File.ReadAllText(Path.Combine(Path.GetDirectoryName(AllowedDifferences.Path)!, "images.md"));
        var rows = document.Split("| left out | package |")[1].Split("\n\n")[0].Split('\n').Skip(2);
        Assert.Equal(LeftOut.Table.Select(thing =>
        {
            var paths = string.Join(", ", thing.Paths.Select(path => $"`/{path}`"));
            return $"| {paths}{(thing.LinkFolder is null ? "" : " and links to it")}{(thing.IsEmptied ? " (stays, empty)" : "")}{(thing.Before is { } before ? before.Length == 0 ? " (the secret in them)" : $" (the secret after `{before.Trim('\n')}`)" : "")} | {thing.Package} | `{thing.Script.Replace("|", "\\|", StringComparison.Ordinal)}` |";
        }), rows);
    }

    [Fact]
    public void A_layer_says_what_it_leaves_out_and_nothing_of_it_is_in_its_tree()
    {
        var tree = _folder.FullName;
        foreach (var path in (string[])["etc/machine-id", "etc/ssh/ssh_host_rsa_key", "etc/ssh/ssh_config", "etc/ssl/private/ssl-cert-snakeoil.key", "etc/ssl/certs/ssl-cert-snakeoil.pem", "etc/ssl/certs/ours.pem", "var/lib/mysql/.hidden/ibdata1"])
        {
            Directory.CreateDirectory(Path.GetDirectoryName($"{tree}/{path}")!);
            File.WriteAllText($"{tree}/{path}", "x");
        }

        File.CreateSymbolicLink($"{tree}/etc/ssl/certs/0a1b2c3d.0", "ssl-cert-snakeoil.pem");
        File.CreateSymbolicLink($"{tree}/etc/ssl/certs/4e5f6a7b.0", "ours.pem");

        // Whoever wrote a recipe's own command wanted what it makes; no machine's id is wanted in an image.
        Assert.Equal(["machine-id"], LayerCleaning.Clean(tree, 0, ofPackages: false));
        Assert.True(File.Exists($"{tree}/etc/ssh/ssh_host_rsa_key"));
        Assert.Equal(["ssl-cert", "ssh-host-keys", "mysql-database"], LayerCleaning.Clean(tree, 0, ofPackages: true));
        Assert.Equal(["etc/machine-id", "etc/ssh/ssh_config", "etc/ssl/certs/4e5f6a7b.0", "etc/ssl/certs/ours.pem"],
            Directory.EnumerateFiles(tree, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(tree, path)).Order(StringComparer.Ordinal));
        Assert.Equal(0, new FileInfo($"{tree}/etc/machine-id").Length);
        Assert.Empty(LayerCleaning.Clean(tree, 0, ofPackages: true));
    }

    [Theory]
    [InlineData("roundcube-key", "etc/roundcube/config.inc.php", "<?php\n$config['des_key'] = '", "D68Cr9gd8Coo+wB5QOr+6peo", "'; // 24\n$config['plugins'] = [];\n", 24)]
    [InlineData("phpmyadmin-key", "var/lib/phpmyadmin/blowfish_secret.inc.php", "<?php\n$cfg['blowfish_secret'] = '", "a;<b$^&*()(Kx\"9", "';\n", 32)]
    [InlineData("mailman-password", "etc/mailman3/mailman.cfg", "[webservice]\nadmin_user: restadmin\nadmin_pass: ", "ab/cd+efghij", "\n\n[x]\n", 48)]
    [InlineData("mailman-archiver-key", "etc/mailman3/mailman-web.py", "MAILMAN_ARCHIVER_KEY = '", "zs/hhdWRjT3aOhsSG7Vf7CCMwIEpHYbA", "'\n", 32)]
    [InlineData("shadowsocks-password", "etc/shadowsocks-libev/config.json", "{\n    \"mode\":\"tcp\",\n    \"password\":\"", "abcDEF012345", "\",\n    \"timeout\":86400\n}\n", 12)]
    [InlineData("bacula-fd-password", "etc/bacula/common_default_passwords", "# \n# holds defaults\n\nDIRPASSWD=\nFDPASSWD=", "UKmI3pGJ-kvYJa0lQd_Qm9XUhbO4vGQm1", "\n", 33)]
    [InlineData("freedombox-secret", "var/lib/plinth/firstboot-wizard-secret", "", "bTXpciUF3KSr43kQ", "\n", 16)]
    [InlineData("zoneminder-salt", "etc/zm/core.php", "\tConfigure::write('Security.salt', '", "8G5Nuw3rHDwBPVvaEgsHchIN4WcLG", "');\n", 29)]
    [InlineData("dbconfig-password", "etc/dbconfig-common/roundcube.conf", "dbc_dbuser='roundcube'\ndbc_dbpass='", "B9MnjSBZmL52", "'\n", 12)]
    public void A_secret_in_configuration_is_taken_out_and_made_again_wherever_it_stands(string name, string path, string before, string secret, string after, int length)
    {
        var tree = _folder.FullName;
        var whole = before + secret + after;
        var other = Digest("other");
        Write(path, whole);
        Write($"var/lib/ucf/cache/:{path.Replace('/', ':')}", whole);
        Write("etc/any/url", $"postgresql://me:{secret}@host/name");
        Write("etc/dbconfig-common/none.conf", "dbc_dbpass=''\n");
        Write("etc/dbconfig-common/chosen.conf", "dbc_dbpass='root'\n");
        // debconf tells it to whoever installs; only what the table names besides is looked at outside /etc.
        Write("var/cache/debconf/config.dat", $"Name: any/secret\nVariables:\n secret = {secret}\n");
        Write("var/lib/ucf/hashfile", $"{other}  /etc/other\n{Digest(whole)}  /{path}\n");
        Write("var/lib/ucf/hashfile.0", $"{Digest(whole)}  /{path}\n");
        Assert.Empty(LayerCleaning.Clean(tree, 0, ofPackages: false));
        Assert.Equal([name], LayerCleaning.Clean(tree, 0, ofPackages: true));
        var without = $"{before}left-out-{name}{after}";
        Assert.Equal((without, without, $"postgresql://me:left-out-{name}@host/name"), (Read(path), Read($"var/lib/ucf/cache/:{path.Replace('/', ':')}"), Read("etc/any/url")));
        Assert.Equal(name == "freedombox-secret", Read("var/cache/debconf/config.dat").EndsWith($"\n secret = left-out-{name}\n", StringComparison.Ordinal));
        Assert.Equal($"{other}  /etc/other\n{Digest(without)}  /{path}\n", Read("var/lib/ucf/hashfile"));
        Assert.Equal($"{Digest(without)}  /{path}\n", Read("var/lib/ucf/hashfile.0"));
        Assert.Equal(("dbc_dbpass=''\n", "dbc_dbpass='root'\n"), (Read("etc/dbconfig-common/none.conf"), Read("etc/dbconfig-common/chosen.conf")));
        Assert.Empty(LayerCleaning.Clean(tree, 0, ofPackages: true));

        // Whoever runs the image otherwise finds what is missing by what stands there, and makes it once.
        var script = FirstStart.ScriptFor([name]).Replace(" /etc", $" {tree}/etc", StringComparison.Ordinal).Replace(" /var", $" {tree}/var", StringComparison.Ordinal);
        ReferenceImage.Run("sh", "-c", script);
        var made = Read(path);
        Assert.StartsWith(before, made);
        Assert.EndsWith(after, made);
        Assert.Matches("^[A-Za-z0-9]+$", made[before.Length..^after.Length]);
        Assert.Equal(length, made.Length - before.Length - after.Length);
        Assert.Equal($"postgresql://me:{made[before.Length..^after.Length]}@host/name", Read("etc/any/url"));
        ReferenceImage.Run("sh", "-c", script);
        Assert.Equal(made, Read(path));

        void Write(string file, string text)
        {
            Directory.CreateDirectory(Path.GetDirectoryName($"{tree}/{file}")!);
            File.WriteAllText($"{tree}/{file}", text);
        }

        string Read(string file) => File.ReadAllText($"{tree}/{file}");

        static string Digest(string text) => Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(System.Text.Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public void Who_runs_an_exported_image_otherwise_gets_a_script_that_makes_what_is_missing()
    {
        Assert.Equal("""
            set -e
            if ! test -s /etc/machine-id; then ( tr -d - < /proc/sys/kernel/random/uuid > /etc/machine-id && chmod 444 /etc/machine-id ); fi
            if ! test -s /etc/ssh/ssh_host_ed25519_key; then ( ssh-keygen -A ); fi
            if ! test -s /var/lib/mysql/ibdata1 && ! test -e /etc/mayfly/mariadb.cnf; then ( touch
            """, FirstStart.ScriptFor(["ssh-host-keys", "machine-id", "mysql-database"]).Split(" /var/lib/mysql/$(")[0]);
        Assert.Equal("", FirstStart.ScriptFor([]));
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
