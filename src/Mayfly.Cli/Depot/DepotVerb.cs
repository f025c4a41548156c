using System.CommandLine;
using System.Globalization;
using System.Net;
using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Depots;
using Mayfly.Terminal;

namespace Mayfly.Cli.Depot;

/// <summary><c>mayfly depot …</c>: the store's packages of locks as an apt repository, and their wheels as an index that pip can use.</summary>
internal static class DepotVerb
{
    public static Command Create() => new("depot", "Publish what locks name for apt and pip, serve and verify it")
    {
        MakeKey(), PublishVerb.Create(Key()), Serve(), ListVerb.Create(TrustedKey()), Verify(), Prune(),
    };

    private static Command MakeKey()
    {
        var file = new Argument<string?>("FILE") { Description = $"Where to write it; {Shown(KeyFile.DefaultPath)} unless named", Arity = ArgumentArity.ZeroOrOne };
        var owner = new Option<string>("--owner") { Description = "Whom people see when they look at the key", HelpName = "NAME", DefaultValueFactory = _ => "Mayfly depot" };
        var command = new Command("key", "Make a key that signs depots; its secret part stays in that file") { file, owner };
        command.SetAction(result =>
        {
            var path = result.GetValue(file) ?? KeyFile.DefaultPath;
            var key = KeyFile.Create(path, result.GetValue(owner)!);
            result.InvocationConfiguration.Output.WriteLine($"made the key {key.Fingerprint} in {path}; keep a copy of it in a safe place");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Serve()
    {
        var folder = Folder();
        var listen = new Option<string>("--listen") { Description = "Address and port; 0.0.0.0:8888 lets other machines in", HelpName = "ADDRESS:PORT", DefaultValueFactory = _ => "127.0.0.1:8888" };
        listen.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var value }] && EndPoint(value) is null)
                result.AddError($"{value} is no address and port, such as 127.0.0.1:8888");
        });
        var command = new Command("serve", "Serve a depot by HTTP until it is told to end") { folder, listen };
        command.SetAction(async (result, cancellationToken) =>
        {
            var depot = Existing(result.GetValue(folder)!);
            var output = result.InvocationConfiguration.Output;
            await using var server = await DepotServer.StartAsync(depot.Root, EndPoint(result.GetValue(listen)!)!, output, cancellationToken);
            output.WriteLine($"serving {depot.Root} at {server.Address}");
            output.Flush();
            await server.WaitAsync(cancellationToken);
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Verify()
    {
        var depot = new Argument<string>("DEPOT") { Description = "Its folder or its address" };
        var key = TrustedKey();
        var command = new Command("verify", "Check every signature, index, package and wheel of a depot") { depot, key };
        command.SetAction(async (result, cancellationToken) =>
        {
            var named = result.GetValue(depot)!;
            var (root, keys) = Named(named, result.GetValue(key));
            var found = await Screen.ShowAsync(progress => DepotCheck.RunAsync(root, keys, progress, cancellationToken));
            var output = result.InvocationConfiguration.Output;
            foreach (var (path, why) in found.Faults)
                output.WriteLine($"{path}: {why}");
            if (found.Faults.Count > 0)
                throw new MayflyException($"{named} is not whole: {found.Faults.Count} of its files are missing or not to be trusted", "publish its locks again: mayfly depot publish puts every damaged package right");
            output.WriteLine($"{named} is whole: {Counted.Of(found.Locks, "lock")}, {Counted.Of(found.Packages, "package")}{(found.Wheels == 0 ? "" : $", {Counted.Of(found.Wheels, "wheel")}")}, {Megabytes(found.Bytes)}{(keys.Count > 0 ? "" : "; by the key that lies in it, so who changed both is not found out (--key)")}");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Prune()
    {
        var folder = Folder();
        var key = Key();
        var keep = new Option<int>("--keep") { Description = "How many locks of each stack stay, the newest ones", HelpName = "NUMBER", DefaultValueFactory = _ => 1 };
        keep.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var value }] && !(int.TryParse(value, CultureInfo.InvariantCulture, out var number) && number > 0))
                result.AddError($"{value} is no number from 1 on");
        });
        var command = new Command("prune", "Remove former locks from a depot, and packages that none of its locks names") { folder, keep, key };
        command.SetAction(async (result, cancellationToken) =>
        {
            var depot = Existing(result.GetValue(folder)!);
            var signer = Signer(result.GetValue(key));
            var pruned = await Screen.ShowAsync(progress => new DepotPruning(depot, signer).RunAsync(result.GetValue(keep), progress, cancellationToken));
            result.InvocationConfiguration.Output.WriteLine($"removed {Counted.Of(pruned.Locks, "lock")} and {Counted.Of(pruned.Files, "package")}, {Megabytes(pruned.Bytes)}, from {depot.Root}");
            return ExitCode.Done;
        });
        return command;
    }

    private static Option<string[]> TrustedKey() =>
        new("--key") { Description = "A file with the key that must have signed it; else those of [depot] keys, else the one in the depot itself", HelpName = "FILE", AllowMultipleArgumentsPerToken = false };

    /// <summary>The depot that a word means, and who may have signed it.</summary>
    internal static (Uri Root, IReadOnlyList<string> Keys) Named(string named, string[]? keys) =>
        (named.Contains("://", StringComparison.Ordinal) ? Address(named) : new Uri($"file://{Existing(named).Root}/"), keys is { Length: > 0 } ? keys : DebianConfiguration.Read().DepotKeys);

    private static Argument<string> Folder() => new("FOLDER") { Description = "The depot's folder" };

    private static Option<string?> Key() => new("--key") { Description = $"A file with the secret key, or the fingerprint of one of gpg's; {Shown(KeyFile.DefaultPath)} unless named", HelpName = "KEY" };

    internal static IDepotSigner Signer(string? key) => key is not null && !File.Exists(key) && GpgKey.IsFingerprint(key) ? GpgKey.Find(key) : KeyFile.Read(key ?? KeyFile.DefaultPath);

    /// <summary>The same in every help text, whoever reads it.</summary>
    private static string Shown(string path) => path.StartsWith(Home, StringComparison.Ordinal) ? "~" + path[Home.Length..] : path;

    private static string Home => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    private static DepotFolder Existing(string folder) => new DepotFolder(folder) is { IsDepot: true } depot ? depot
        : throw new MayflyException($"{folder} is no depot", "mayfly depot publish makes one");

    internal static DebianSources Sources(StackLock locked) =>
        DebianSources.Discover(locked.Releases.FirstOrDefault(release => release.Id == release.Codename)?.Codename ?? locked.Releases[0].Codename, locked.Architecture);

    private static Uri Address(string text) => Uri.TryCreate(text.EndsWith('/') ? text : text + "/", UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" or "file" ? uri
        : throw new MayflyException($"{text} is no address of a depot", "give its folder, or its http://, https:// or file:// address");

    private static IPEndPoint? EndPoint(string text) =>
        IPEndPoint.TryParse(text.Replace("localhost:", "127.0.0.1:", StringComparison.Ordinal), out var point) && text.Contains(':') && text[^1] != ']' ? point : null;

    internal static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1_000_000.0:0.0} MB");
}
