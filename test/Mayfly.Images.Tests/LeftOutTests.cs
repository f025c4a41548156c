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
            return $"| {paths}{(thing.LinkFolder is null ? "" : " and links to it")}{(thing.IsEmptied ? " (stays, empty)" : "")} | {thing.Package} | `{thing.Script}` |";
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
