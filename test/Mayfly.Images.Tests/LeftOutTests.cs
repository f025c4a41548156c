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
            return $"| {paths}{(thing.LinkFolder is null ? "" : " and links to it")}{(thing.IsEmptied ? " (stays, empty)" : "")}{(thing.Value is { } value ? $" (stays, without what follows `{value}`)" : "")} | {thing.Package} | `{thing.Script}` |";
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

    [Fact]
    public void A_secret_inside_a_file_is_taken_out_of_it_and_of_what_ucf_keeps()
    {
        var tree = _folder.FullName;
        const string File = "<?php\n$config['des_key'] = 'D68Cr9gd8Coo+wB5QOr+6peo'; // 24\n$config['plugins'] = [];\n", Emptied = "<?php\n$config['des_key'] = ''; // 24\n$config['plugins'] = [];\n";
        Write("etc/roundcube/config.inc.php", File);
        Write("var/lib/ucf/cache/:etc:roundcube:config.inc.php", File);
        var other = Digest("other");
        Write("var/lib/ucf/hashfile", $"{other}  /etc/other\n{Digest(File)}  /etc/roundcube/config.inc.php\n");
        Write("var/lib/ucf/hashfile.0", $"{Digest(File)}  /etc/roundcube/config.inc.php\n");
        Assert.Empty(LayerCleaning.Clean(tree, 0, ofPackages: false));
        Assert.Equal(["roundcube-key"], LayerCleaning.Clean(tree, 0, ofPackages: true));
        Assert.Equal((Emptied, Emptied), (Read("etc/roundcube/config.inc.php"), Read("var/lib/ucf/cache/:etc:roundcube:config.inc.php")));
        Assert.Equal($"{other}  /etc/other\n{Digest(Emptied)}  /etc/roundcube/config.inc.php\n", Read("var/lib/ucf/hashfile"));
        Assert.Equal($"{Digest(Emptied)}  /etc/roundcube/config.inc.php\n", Read("var/lib/ucf/hashfile.0"));
        Assert.Empty(LayerCleaning.Clean(tree, 0, ofPackages: true));

        // Whoever runs the image otherwise finds what is missing by what stands there, and gets 24 characters by chance, once.
        var script = FirstStart.ScriptFor(["roundcube-key"]).Replace("/etc/roundcube", $"{tree}/etc/roundcube", StringComparison.Ordinal).Replace("/run/key", $"{tree}/key", StringComparison.Ordinal);
        ReferenceImage.Run("sh", "-c", script);
        var made = Read("etc/roundcube/config.inc.php");
        Assert.Matches(@"^<\?php\n\$config\['des_key'\] = '[A-Za-z0-9+/]{24}'; // 24\n\$config\['plugins'\] = \[\];\n$", made);
        ReferenceImage.Run("sh", "-c", script);
        Assert.Equal(made, Read("etc/roundcube/config.inc.php"));
        Assert.False(System.IO.File.Exists($"{tree}/key"));

        void Write(string path, string text)
        {
            Directory.CreateDirectory(Path.GetDirectoryName($"{tree}/{path}")!);
            System.IO.File.WriteAllText($"{tree}/{path}", text);
        }

        string Read(string path) => System.IO.File.ReadAllText($"{tree}/{path}");

        static string Digest(string text) => Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(System.Text.Encoding.UTF8.GetBytes(text)));
    }

    [Theory]
    [InlineData("phpmyadmin-key", "var/lib/phpmyadmin/blowfish_secret.inc.php", "<?php\n$cfg['blowfish_secret'] = '", "a;<b", "';\n", 32)]
    [InlineData("mailman-password", "etc/mailman3/mailman.cfg", "[webservice]\nadmin_user: restadmin\nadmin_pass: ", "a/b", "\n\n[x]\n", 48)]
    [InlineData("shadowsocks-password", "etc/shadowsocks-libev/config.json", "{\n    \"mode\":\"tcp\",\n    \"password\":\"", "abc", "\",\n    \"timeout\":86400\n}\n", 12)]
    public void A_secret_is_made_again_where_it_was(string name, string path, string before, string value, string after, int length)
    {
        var file = $"{_folder.FullName}/{path}";
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, before + value + after);
        Assert.Equal([name], LayerCleaning.Clean(_folder.FullName, 0, ofPackages: true));
        Assert.Equal(before + after, File.ReadAllText(file));
        ReferenceImage.Run("sh", "-c", FirstStart.ScriptFor([name]).Replace($"/{path}", file, StringComparison.Ordinal).Replace("/run/key", $"{_folder.FullName}/key", StringComparison.Ordinal));
        var made = File.ReadAllText(file);
        Assert.StartsWith(before, made);
        Assert.EndsWith(after, made);
        Assert.Equal(length, made.Length - before.Length - after.Length);
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
