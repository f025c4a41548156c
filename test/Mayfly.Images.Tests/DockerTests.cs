using Mayfly.Docker;

namespace Mayfly.Images.Tests;

/// <summary>Docker reads what is exported, and runs it as the image says.</summary>
[Collection("reference")]
[Trait("needs", "oracle")]
[Trait("needs", "root")]
public sealed class DockerTests(ReferenceImage reference)
{
    [Fact]
    public async Task Docker_loads_the_archive_and_runs_commands_from_it()
    {
        var image = await new ImageBuilder(reference.Store).BuildAsync(reference.Lock, new ImageRecipe
        {
            Name = "shop/tried",
            Steps = [new CommandStep(["sh", "-c", "rm /etc/issue; rm -r /usr/share/doc/dash; mkdir /usr/share/doc/dash; echo new > /usr/share/doc/dash/x"])],
        });
        var folder = reference.NewFolder();
        var archive = Path.Combine(folder, "image.tar");
        await new ImageExport(reference.Store).WriteOciArchiveAsync(image, archive, new ImageConfiguration
        {
            Command = ["/bin/sh", "-c", "echo $(id -un) $WORD $PWD; ls /usr/share/doc/dash; ls /etc/issue 2>/dev/null || echo gone"],
            Environment = new Dictionary<string, string> { ["WORD"] = "word" },
            User = "www-data",
            WorkingDirectory = "/srv",
        });

        using var docker = await PrivateDocker.StartAsync(Path.Combine(folder, "docker"), TestContext.Current.CancellationToken);
        Assert.Contains("shop/tried:latest", await docker.RunAsync(["load", "--input", archive], TestContext.Current.CancellationToken));
        Assert.Equal("www-data word /srv\nx\ngone\n", await docker.RunAsync(["run", "--rm", "--network", "none", "shop/tried"], TestContext.Current.CancellationToken));
        // The files' owners and modes, and what dpkg itself finds, are those of the tree.
        Assert.Equal("root:shadow 2755\n", await docker.RunAsync(["run", "--rm", "--network", "none", "--user", "root", "shop/tried", "stat", "-c", "%U:%G %a", "/sbin/unix_chkpwd"], TestContext.Current.CancellationToken));
        Assert.Equal("", await docker.RunAsync(["run", "--rm", "--network", "none", "--user", "root", "shop/tried", "dpkg", "--verify", "coreutils"], TestContext.Current.CancellationToken));
    }
}
