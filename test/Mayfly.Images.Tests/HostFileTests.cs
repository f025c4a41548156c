using Mayfly.Images.Building;
using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Images.Tests;

public sealed class HostFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mayfly-images-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    private static IReadOnlyList<HostFile> List(ImageFile file) => HostFile.List(new FileStep([file]));

    [Fact]
    public void A_folder_is_walked_in_order_without_what_is_excepted()
    {
        Write("app/b.py", "b");
        Write("app/a.py", "a");
        Write("app/sub/__pycache__/a.pyc", "x");
        Write("app/.git/config", "x");
        File.CreateSymbolicLink(Path.Combine(_folder, "app/link"), "a.py");
        var found = List(new ImageFile { Path = "/srv/app", Source = Path.Combine(_folder, "app"), Except = ["*.pyc", ".git", "__pycache__"], Owner = "www-data:www-data" });
        Assert.Equal(["srv/app", "srv/app/a.py", "srv/app/b.py", "srv/app/link", "srv/app/sub"], found.Select(file => file.Path));
        Assert.Equal((NodeKind.Link, "a.py"), (found[3].Kind, found[3].Text));
        Assert.All(found, file => Assert.Equal("www-data:www-data", file.Owner));
    }

    [Fact]
    public void The_execute_bit_is_kept_and_a_given_mode_stands()
    {
        var path = Write("run.sh", "#!/bin/sh");
        Assert.Equal(0b110_100_100, List(new ImageFile { Path = "/x", Source = path })[0].Mode);
        File.SetUnixFileMode(path, (UnixFileMode)0b111_000_000);
        Assert.Equal(0b111_101_101, List(new ImageFile { Path = "/x", Source = path })[0].Mode);
        Assert.Equal(0b110_000_000, List(new ImageFile { Path = "/x", Source = path, Mode = 0b110_000_000 })[0].Mode);
    }

    [Theory]
    [InlineData("etc/x")]
    [InlineData("/srv/../etc/x")]
    public void A_path_that_is_none_inside_an_image_is_refused(string path) =>
        Assert.NotNull(Assert.Throws<MayflyException>(() => List(new ImageFile { Path = path, Text = "" })).Hint);

    [Fact]
    public void A_missing_source_is_named() =>
        Assert.Contains("/nowhere/x", Assert.Throws<MayflyException>(() => List(new ImageFile { Path = "/x", Source = "/nowhere/x" })).Message);

    [Fact]
    public void A_pipe_inside_a_folder_is_refused()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "app"));
        Nodes.MakeNode(Path.Combine(_folder, "app/pipe"), NodeKind.Pipe, 0b110_000_000);
        Assert.Contains("app/pipe", Assert.Throws<MayflyException>(() => List(new ImageFile { Path = "/x", Source = Path.Combine(_folder, "app") })).Message);
    }

    [Fact]
    public void An_edit_changes_the_keys_of_what_follows_only()
    {
        var source = Write("app/settings.py", "one");
        var recipe = new ImageRecipe
        {
            Name = "web",
            PackageSet = "web",
            Steps =
            [
                new FileStep([new ImageFile { Path = "/etc/first", Text = "first" }]),
                new FileStep([new ImageFile { Path = "/srv/app", Source = Path.Combine(_folder, "app") }]),
                new CommandStep(["true"]),
            ],
        };
        var before = Steps(recipe);
        File.SetLastWriteTimeUtc(source, DateTime.UnixEpoch);
        Assert.Equal(before.Select(step => step.Key), Steps(recipe).Select(step => step.Key));
        File.WriteAllText(source, "two");
        var after = Steps(recipe);
        Assert.Equal([true, true, true, false, false], before.Zip(after, (x, y) => x.Key == y.Key));
        Assert.Equal(["base bookworm", "packages nginx", "copy /etc/first", "copy /srv/app", "run true"], after.Select(step => step.Origin));
        Assert.Equal(after.Select(step => step.Key).SkipLast(1), after.Skip(1).Select(step => step.Below));
    }

    [Fact]
    public void Commands_differ_by_each_of_their_inputs()
    {
        CommandStep[] steps =
        [
            new(["a", "b"]), new(["a b"]), new(["a", "b"]) { User = "www-data" }, new(["a", "b"]) { WorkingDirectory = "/srv" },
            new(["a", "b"]) { Environment = new Dictionary<string, string> { ["X"] = "1" } },
        ];
        Assert.Equal(steps.Length, steps.Select(step => Steps(new ImageRecipe { Name = "x", Steps = [step] })[^1].Key).Distinct().Count());
    }

    [Fact]
    public void A_set_that_the_lock_lacks_is_an_error_with_a_hint() =>
        Assert.Contains("mayfly lock", Assert.Throws<MayflyException>(() => Steps(new ImageRecipe { Name = "x", PackageSet = "other" })).Hint);

    private static IReadOnlyList<BuildStep> Steps(ImageRecipe recipe) => BuildSteps.Of(Lock(), recipe, _ => null);

    private static StackLock Lock()
    {
        LockedPackage[] packages = [Package("dpkg"), Package("nginx")];
        return new StackLock
        {
            Architecture = "amd64",
            Releases = [new LockedRelease { Id = "bookworm", Origin = "Debian", Label = "Debian", Suite = "stable", Codename = "bookworm", Date = DateTimeOffset.UnixEpoch.AddDays(20_000), Digest = "", Components = ["main"] }],
            Packages = packages,
            Sets =
            [
                new LockedSet { Name = "base", Requests = [], Stages = [new LockedStage(["dpkg:amd64"])] },
                new LockedSet { Name = "web", Requests = ["nginx"], Stages = [new LockedStage(["dpkg:amd64", "nginx:amd64"])] },
            ],
        };
    }

    private static LockedPackage Package(string name) => new() { Name = name, Version = "1", Architecture = "amd64", Sha256 = name, Size = 1, Path = "", Release = "bookworm" };
}
