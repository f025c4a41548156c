using Mayfly.Images;
using Mayfly.Machines.Local;
using Mayfly.Packages;
using Mayfly.Packages.Debian;

namespace Mayfly.Machines.Tests.Local;

/// <summary>Keys and ids that an image leaves out are made by each instance for itself; the packages are Debian's own.</summary>
[Trait("needs", "root")]
public sealed class FirstStartTests : IAsyncLifetime
{
    private static readonly string[] Packages = ["ssl-cert", "openssh-server", "bind9", "systemd"];

    /// <summary>Everything that is made, with owner, mode and digest; the numbers of lines do not depend on chance.</summary>
    private const string Show = """
        cd /etc
        for f in machine-id ssl/private/ssl-cert-snakeoil.key ssl/certs/ssl-cert-snakeoil.pem ssh/ssh_host_* bind/rndc.key; do
            echo "$(stat -c '%U:%G %a %n' $f) $(sha256sum < $f)"
        done
        """;

    private readonly LocalHost _host = new();
    private Image _image = null!;

    [Fact]
    public async Task Each_instance_makes_them_at_its_first_start_and_keeps_them()
    {
        Assert.Equal(["machine-id", "rndc-key", "ssh-host-keys", "ssl-cert"], _image.LeftOut.Order(StringComparer.Ordinal));
        var spec = Spec(Show);
        var label = _host.Label(spec);
        var first = await RunAsync(label);
        Assert.Equal("""
            root:root 444 machine-id
            root:ssl-cert 640 ssl/private/ssl-cert-snakeoil.key
            root:root 644 ssl/certs/ssl-cert-snakeoil.pem
            root:root 600 ssh/ssh_host_ecdsa_key
            root:root 644 ssh/ssh_host_ecdsa_key.pub
            root:root 600 ssh/ssh_host_ed25519_key
            root:root 644 ssh/ssh_host_ed25519_key.pub
            root:root 600 ssh/ssh_host_rsa_key
            root:root 644 ssh/ssh_host_rsa_key.pub
            bind:bind 640 bind/rndc.key
            """, string.Join('\n', first.Select(line => line[..line.LastIndexOf(' ', line.Length - 4)])));
        // It is no change of what the image says.
        Assert.DoesNotContain(_host.Runtime.Drift(label.Id), entry => entry.Path.Contains("ss", StringComparison.Ordinal) || entry.Path.Contains("machine-id", StringComparison.Ordinal));
        Assert.Equal(first, await RunAsync(label)); // restarted
        await _host.Runtime.DeleteAsync(label.Id, CancellationToken.None);
        Assert.Equal(first, await RunAsync(_host.Label(spec))); // as after the host's own restart, under another id
        Assert.Equal(first, await RunAsync(_host.Label(spec, view: "rehearsal")));

        var clone = await RunAsync(_host.Label(spec with { Replica = 2 }));
        Assert.Empty(first.Intersect(clone));
        Assert.Equal(first.Count, clone.Count);
    }

    [Fact]
    public async Task They_fit_each_other_and_bear_the_name_of_the_instance()
    {
        var output = await RunAsync(_host.Label(Spec("""
            openssl x509 -noout -subject -ext subjectAltName -in /etc/ssl/certs/ssl-cert-snakeoil.pem | xargs
            test "$(openssl x509 -noout -pubkey -in /etc/ssl/certs/ssl-cert-snakeoil.pem)" = "$(openssl pkey -pubout -in /etc/ssl/private/ssl-cert-snakeoil.key)" && echo one pair
            readlink /etc/ssl/certs/$(openssl x509 -noout -hash -in /etc/ssl/certs/ssl-cert-snakeoil.pem).0
            ssh-keygen -y -f /etc/ssh/ssh_host_ed25519_key; cat /etc/ssh/ssh_host_ed25519_key.pub
            named-checkconf /etc/bind/rndc.key && echo a key of bind
            grep -Ecx '[0-9a-f]{32}' /etc/machine-id
            test -e /var/cache/debconf/config.dat-old || echo nothing else
            """)));
        var name = $"app-1.{_host.Stack}.internal";
        Assert.Equal($"subject=CN = {name} X509v3 Subject Alternative Name: DNS:{name}", output[0]);
        Assert.Equal(["one pair", "ssl-cert-snakeoil.pem"], output.Skip(1).Take(2));
        Assert.Equal(output[3], output[4]);
        Assert.EndsWith("root@app-1", output[4], StringComparison.Ordinal);
        Assert.Equal(["a key of bind", "1", "nothing else"], output.Skip(5));
    }

    [Fact]
    public async Task A_new_volume_begins_with_them_and_an_older_one_keeps_what_it_has()
    {
        var spec = Spec("sha256sum < /etc/ssh/ssh_host_ed25519_key; cat /etc/ssh/mine 2>/dev/null; ls /etc/ssh | wc -l; echo x > /etc/ssh/mine") with { Volumes = [new VolumeUse("ssh", "/etc/ssh")] };
        var first = await RunAsync(_host.Label(spec));
        Assert.Equal([first[0], "x"], (await RunAsync(_host.Label(spec))).Take(2));

        // Another replica upon a volume that it finds empty: it is the user's, who may have taken them away.
        var data = _host.Volumes.PathOf(_host.Stack, Volumes.Live, "old");
        Directory.CreateDirectory(data);
        var other = Spec("ls -A /etc/ssh; test -s /etc/bind/rndc.key && echo made") with { Replica = 2, Volumes = [new VolumeUse("old", "/etc/ssh/")] };
        Assert.Equal(["made"], await RunAsync(_host.Label(other)));
    }

    [Fact]
    public async Task What_a_step_of_the_image_brings_stays_and_what_leaves_nothing_out_makes_nothing()
    {
        var top = Path.Combine(_host.Store.PathOf(StoreArea.Layers, "own-key"), "tree/etc/ssl/private");
        Directory.CreateDirectory(top);
        File.WriteAllText(Path.Combine(top, "ssl-cert-snakeoil.key"), "given\n");
        var spec = Spec("cat /etc/ssl/private/ssl-cert-snakeoil.key; ls /etc/ssl/certs/ssl-cert-snakeoil.pem /etc/machine-id 2>/dev/null");
        Assert.Equal(["given", "/etc/machine-id"], await RunAsync(_host.Label(spec with { Layers = [.. spec.Layers, "own-key"] })));

        await _host.RunAsync(spec => spec with { Component = "bare" }, "true");
        Assert.Equal(["app-1-own-key"], Directory.EnumerateDirectories(OwnLayer.Folder(_host.Store, _host.Stack)).Select(path => Path.GetFileName(path)));
        // No generation has it.
        Assert.Equal(["app-1-own-key"], Pruning.OwnLayers(_host.Store).Select(path => Path.GetFileName(path)));
    }

    [Fact]
    public async Task What_cannot_be_made_says_why_and_leaves_nothing()
    {
        var top = Path.Combine(_host.Store.PathOf(StoreArea.Layers, "broken"), "tree/usr/bin");
        Directory.CreateDirectory(top);
        File.WriteAllText(Path.Combine(top, "ssh-keygen"), "#!/bin/sh\necho no luck today >&2\nexit 3\n");
        LocalHost.Sh($"chmod 755 {top}/ssh-keygen");
        var spec = Spec("true");
        var e = await Assert.ThrowsAsync<MayflyException>(() => _host.Runtime.StartAsync(_host.Label(spec with { Layers = [.. spec.Layers, "broken"] }), CancellationToken.None));
        Assert.Equal("ssh-host-keys cannot be made for the first start of app-1: 'ssh-keygen -A' ended with exit code 3; it printed:\nno luck today", e.Message);
        Assert.False(Directory.Exists(OwnLayer.Folder(_host.Store, _host.Stack)));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_host.Store.Folder(StoreArea.Tmp)));
        Assert.Empty(_host.Runtime.List(_host.Stack));
    }

    private InstanceSpec Spec(string script) => _host.Spec("app", "/bin/sh", "-c", script) with
    {
        User = "root",
        Capabilities = ["CAP_DAC_READ_SEARCH"],
        Layers = [.. _image.Layers.Select(layer => layer.Key)],
    };

    private async Task<IReadOnlyList<string>> RunAsync(InstanceLabel label)
    {
        await _host.Runtime.StartAsync(label, CancellationToken.None);
        await _host.Runtime.WaitAsync(label.Id, CancellationToken.None).WaitAsync(TimeSpan.FromMinutes(2));
        var lines = (await _host.OutputAsync(label.Id)).Split('\n');
        File.Delete(InstanceLog.PathOf(_host.Store, _host.Stack, label.Id));
        return lines;
    }

    public async ValueTask InitializeAsync()
    {
        var store = Store.Open("/var/cache/mayfly-tests/store");
        using var held = store.LockShared();
        if (LocalHost.OnSecondKernel)
            _image = new ImageStore(store).Get("first-start");
        else
        {
            var sources = DebianSources.Discover("bookworm", HostArchitecture.Name);
            var made = DebianLock.Create(await IndexFetch.ReadAsync(store, sources), [new SetRequest(SetRequest.Base, []), new SetRequest("first", Packages)]);
            await Fetch.AllAsync(store, sources, made.Packages);
            _image = await new ImageBuilder(store).BuildAsync(made, new ImageRecipe { Name = "first-start", PackageSet = "first" });
        }

        foreach (var layer in _image.Layers)
            Directory.CreateSymbolicLink(_host.Store.PathOf(StoreArea.Layers, layer.Key), store.PathOf(StoreArea.Layers, layer.Key));
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
