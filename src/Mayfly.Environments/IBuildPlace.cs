namespace Mayfly.Environments;

/// <summary>Where builds of sources run: on this host, or in what an image will be. Everything that one needs is in its folder of work, which both see.</summary>
/// <remarks>A place may run builds as somebody who owns nothing but what is in the folders there: names in the folder of work itself are made by Mayfly alone, so that none can lead it elsewhere.</remarks>
public interface IBuildPlace
{
    /// <summary>Builds, and what is built is for it; by its path there.</summary>
    Interpreter Interpreter { get; }

    /// <summary>For messages: <c>on this host</c>.</summary>
    string Where { get; }

    /// <summary>What of the place bears on what is built, besides the interpreter's version: the same text, the same wheel.</summary>
    string Inputs { get; }

    /// <summary>What a path of this host is called there.</summary>
    /// <param name="work">The build's folder of work.</param>
    /// <param name="path">In it.</param>
    string PathOf(string work, string path);

    /// <summary>What to do to have these Debian packages there, for a hint.</summary>
    string Installing(params ReadOnlySpan<string> packages);

    /// <summary>Runs the interpreter of an environment, as if that were activated, with nothing to read.</summary>
    /// <param name="work">The build's folder of work.</param>
    /// <param name="environment">The environment, in it.</param>
    /// <param name="arguments">What the interpreter is given.</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="variables">What it is told besides.</param>
    /// <param name="cancellationToken">Ends it, with all that it started.</param>
    /// <returns>Its exit code and both its outputs, as they came.</returns>
    Task<(int Code, string Said)> RunAsync(string work, string environment, IReadOnlyList<string> arguments, string folder, IReadOnlyList<(string Name, string Value)> variables, CancellationToken cancellationToken);
}
