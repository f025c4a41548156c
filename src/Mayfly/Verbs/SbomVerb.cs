using System.CommandLine;
using Mayfly.Materials;
using Mayfly.Terminal;

namespace Mayfly.Verbs;

/// <summary><c>sbom</c>: the bill of materials of the stack's images.</summary>
internal static class SbomVerb
{
    public static Command Describe(Stack stack)
    {
        var format = new Option<string>("--format") { Description = "cyclonedx (1.6) or spdx (2.3), both JSON", DefaultValueFactory = _ => "cyclonedx" };
        format.AcceptOnlyFromAmong("cyclonedx", "spdx");
        var component = CommonOptions.Set(stack, "Only the image of this component, with the base it stands on");
        var output = new Option<string?>("--output", "-o") { Description = "Write to a file", HelpName = "FILE" };
        var command = new Command("sbom", "Write the bill of materials of what stack.lock has: packages, hashes, licences, dependencies. The same lock gives the same bytes. What is not in the store is fetched.\n\nExample: mayfly sbom examples/shop --format spdx -o shop.spdx.json")
        {
            format, component, output, CommonOptions.Offline,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var place = Workplace.Open(stack);
            var stackLock = place.Packages.RequireLock();
            var bytes = await Screen.ShowAsync(async progress =>
            {
                using var use = place.Store.LockShared(progress, cancellationToken);
                var report = await place.Licences.ReadAsync(stackLock, progress, cancellationToken);
                var bill = BillOfMaterials.Of(stack.Name, place.Spec.Components.Select(static component => component.Name), parsed.GetValue(component), stackLock, report, place.Store);
                return parsed.GetValue(format) == "spdx" ? Spdx.Write(bill) : CycloneDx.Write(bill);
            });
            if (parsed.GetValue(output) is { } file)
            {
                OutputFile.Write(file, bytes);
                return 0;
            }

            await using var standard = Console.OpenStandardOutput();
            await standard.WriteAsync(bytes, cancellationToken);
            return 0;
        });
        return command;
    }
}
