using Mayfly.Environments;
using Mayfly.Images.Layers;
using Mayfly.Packages;
using Mayfly.Packages.Python;

namespace Mayfly.Images.Building;

/// <summary>Makes the layer of an environment of Python packages: what <c>python3 -m venv</c> and <c>pip install</c> would make in the image, and its byte code.</summary>
internal sealed class EnvironmentLayer(Store store, IReadOnlyList<string> below)
{
    /// <summary>
    /// Byte code that is never compared with its source (PEP 552): nothing edits an image, and the sources' dates are the layer's. Without site nothing of
    /// the packages runs here. What does not compile, such as code for another Python among a project's tests, stays as it is, as pip has it.
    /// </summary>
    private const string Compile = "import compileall, py_compile, sys; compileall.compile_dir(sys.argv[1], quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)";

    /// <param name="step">The environment.</param>
    /// <param name="work">The layer's folder of work.</param>
    /// <param name="root">Where its byte code is compiled, by the image's own interpreter.</param>
    /// <param name="copy">Puts files into a new tree, owned by root and dated as the layer is.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public string Make(EnvironmentStep step, string work, BuildRoot root, Func<CopyStep, string, BuildRoot, CancellationToken, string> copy, CancellationToken cancellationToken)
    {
        var environment = step.Environment;
        var interpreter = ImageInterpreter.Of(step.Python);
        var requested = environment.Requests.Select(static request => DependencySpecifier.Parse(request).Name).ToHashSet();
        var wheels = UnpackedWheel.Of(store, environment, null, cancellationToken);
        NativeLibraries.Require(environment, wheels, below);
        var made = $"{work}/environment";
        VirtualEnvironment.Write(made, environment.Into, interpreter, [.. wheels.Select(wheel => WheelPlan.Of(wheel, interpreter, environment.Into, requested.Contains(wheel.Name.Project), OriginOf(environment.Wheels.First(one => one.Sha256 == wheel.Sha256))))], step.SystemPackages);
        var tree = copy(new CopyStep(step.Key, step.Below, step.Origin, step.Epoch, HostFile.List(new FileStep([new ImageFile { Path = environment.Into, Source = made }]))), work, root, cancellationToken);

        var upper = root.Mount([.. below, tree]);
        string[] command = [interpreter.Executable, "-S", "-B", "-c", Compile, $"{environment.Into}/{interpreter.SitePackages}"];
        var result = root.Start(command, ScriptEnvironment.ForPackages, null, cancellationToken);
        if (result.ExitCode != 0)
        {
            throw new ScriptFailure($"the byte code of {environment.Into} cannot be compiled: {interpreter.Executable} ended with exit code {result.ExitCode}; it printed:\n{result.Output}",
                "the lines above are the interpreter's own; nothing of the image was changed", $"{environment.Set}-python", result.Call, command);
        }

        root.Unmount();
        return root.Run(() =>
        {
            LayerCleaning.Clean(upper, step.Epoch, ofPackages: false);
            string[] signs = [.. LayerTree.Signs(upper)];
            var merged = LayerTree.Merge([tree, upper]);
            LayerTree.Tidy(merged, signs, below);
            LayerTree.Date(merged, step.Epoch, isWritten: true);
            return merged;
        });
    }

    /// <summary>What pip would write of an address; a path of the host that builds is nothing in an image.</summary>
    private static DirectUrl? OriginOf(LockedWheel wheel) => wheel is { Index: LockedWheel.FromRepository, From: { } repository } ? DirectUrl.Of(DirectReference.Read(repository) with { Commit = wheel.Source!.Commit, Subdirectory = wheel.Source.Subdirectory }, null)
        : wheel is { From: { } from, IsOwn: false } ? new DirectUrl { Url = from, Subdirectory = wheel.Source?.Subdirectory, Hash = $"sha256={wheel.Fetched.Sha256}" } : null;
}
