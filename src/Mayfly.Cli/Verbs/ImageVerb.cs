using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mayfly.Images;
using Mayfly.Packages;
using Mayfly.Packages.Transfer;
using Mayfly.Terminal;
using Mayfly.Verbs;

namespace Mayfly.Cli.Verbs;

/// <summary><c>mayfly image …</c>: images without a stack, and those of stacks looked at.</summary>
internal static class ImageVerb
{
    private const int ShownDigits = 12;

    public static Command Create() => new("image", "Build, list and inspect images")
    {
        Build(), List(), Inspect(), Export(),
    };

    private static Command Build()
    {
        var from = new Option<string>("--base") { Description = "What it is based on", HelpName = "debian:CODENAME", DefaultValueFactory = _ => "debian:bookworm" };
        from.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var value }] && ImageBuild.CodenameOf(value) is null)
                result.AddError($"{value} is no base, a base is written debian:CODENAME, such as debian:bookworm");
        });
        var install = new Option<string[]>("--install") { Description = "Debian packages, separated by commas; NAME=VERSION asks for one version", HelpName = "PACKAGES", AllowMultipleArgumentsPerToken = false };
        var name = new Option<string?>("--name") { Description = "The name it is listed under; made of the packages unless given", HelpName = "NAME" };
        var lockFile = new Option<string?>("--lock") { Description = "Take exactly the packages of this lock, which is written where it is missing or other packages are wanted", HelpName = "FILE" };
        var file = new Option<string?>("--output") { Description = "Also write it to this file", HelpName = "FILE" };
        var format = Format();
        var offline = CommonOptions.Offline;
        var keep = CommonOptions.KeepFailed();
        var command = new Command("build", "Build an image from Debian packages, without any script") { from, install, name, lockFile, file, format, offline, keep };
        command.SetAction(async (result, cancellationToken) =>
        {
            if (result.GetValue(offline))
                NoNetwork.Ask();
            string[] packages = [.. (result.GetValue(install) ?? []).SelectMany(list => list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];
            var build = new ImageBuild(ImageBuild.CodenameOf(result.GetValue(from)!)!, packages, result.GetValue(name), result.GetValue(keep), result.GetValue(lockFile));
            var image = await Screen.ShowAsync(progress => build.RunAsync(progress, cancellationToken));
            if (result.GetValue(file) is { } path)
                await WriteAsync(image, path, result.GetValue(format)!, cancellationToken);
            result.InvocationConfiguration.Output.WriteLine($"{image.Name} {image.Digest}");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Export()
    {
        var image = new Argument<string>("IMAGE") { Description = "Its name, or its digest or the beginning of it" };
        var file = new Option<string>("--output") { Description = "The file to write", HelpName = "FILE", Required = true };
        var format = Format();
        var command = new Command("export", "Write an image to a file, as an OCI archive or a plain tar") { image, file, format };
        command.SetAction(async (result, cancellationToken) =>
        {
            var found = new ImageStore(Store.Open()).Get(result.GetValue(image)!);
            await WriteAsync(found, result.GetValue(file)!, result.GetValue(format)!, cancellationToken);
            return ExitCode.Done;
        });
        return command;
    }

    private static Option<string> Format()
    {
        var format = new Option<string>("--format") { Description = "oci, which skopeo and Docker load, or tar, the files alone", HelpName = "FORMAT", DefaultValueFactory = _ => "oci" };
        format.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: not ("oci" or "tar") } token])
                result.AddError($"there is no format {token.Value}, only oci and tar");
        });
        return format;
    }

    private static Task WriteAsync(Image image, string path, string format, CancellationToken cancellationToken) => Screen.ShowAsync(async progress =>
    {
        var store = Store.Open();
        using var held = store.LockShared(progress, cancellationToken);
        var export = new ImageExport(store);
        await (format == "oci" ? export.WriteOciArchiveAsync(image, path, progress: progress, cancellationToken: cancellationToken)
            : export.WriteTarAsync(image, path, progress, cancellationToken));
        return image;
    });

    private static Command List()
    {
        var json = new Option<bool>("--json") { Description = "For programs: one array of images" };
        var command = new Command("list", "List the images of the store by name") { json };
        command.SetAction(result =>
        {
            var images = new ImageStore(Store.Open()).List();
            var output = result.InvocationConfiguration.Output;
            if (result.GetValue(json))
            {
                output.WriteLine(JsonSerializer.Serialize(images, ImageVerbJson.Default.IReadOnlyListImage));
                return ExitCode.Done;
            }

            var width = images.Select(image => image.Name.Length).Append(0).Max() + 2;
            foreach (var image in images)
                output.WriteLine($"{image.Name.PadRight(width)}{image.Digest[7..(7 + ShownDigits)]}  {image.Architecture}  {image.Layers.Count} layers");
            if (images is [])
                Console.Error.WriteLine("no images yet; mayfly image build makes one, mayfly up those of a stack");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Inspect()
    {
        var image = new Argument<string>("IMAGE") { Description = "Its name, or its digest or the beginning of it" };
        var json = new Option<bool>("--json") { Description = "For programs: one object" };
        var command = new Command("inspect", "Show what an image is made of") { image, json };
        command.SetAction(result =>
        {
            var found = new ImageStore(Store.Open()).Get(result.GetValue(image)!);
            var output = result.InvocationConfiguration.Output;
            if (result.GetValue(json))
            {
                output.WriteLine(JsonSerializer.Serialize(found, ImageVerbJson.Default.Image));
                return ExitCode.Done;
            }

            output.WriteLine($"name          {found.Name}\ndigest        {found.Digest}\narchitecture  {found.Architecture}\nlayers        lowest first");
            foreach (var layer in found.Layers)
                output.WriteLine($"  {layer.Digest[7..(7 + ShownDigits)]}  {layer.Origin}");
            if (found.LeftOut is not [])
                output.WriteLine("left out      made by each instance for itself when it first starts");
            foreach (var thing in LeftOut.Table.Where(thing => found.LeftOut.Contains(thing.Name)))
                output.WriteLine($"  {thing.Name}: {thing.Script}");
            return ExitCode.Done;
        });
        return command;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<Image>))]
internal sealed partial class ImageVerbJson : JsonSerializerContext;
